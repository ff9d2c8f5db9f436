// The build: one script, one stylesheet and one icon with fixed names, so that the files in the repository change only
// when the sources do.
import { defineConfig } from "vite";
import { svelte } from "@sveltejs/vite-plugin-svelte";

export default defineConfig({
  plugins: [svelte()],
  base: "/",
  build: {
    outDir: "../crates/impasto-server/page",
    emptyOutDir: true,
    target: "es2022",
    cssTarget: ["chrome123", "firefox121", "safari17.5"],
    sourcemap: false,
    modulePreload: false,
    cssCodeSplit: false,
    assetsInlineLimit: 0,
    rolldownOptions: {
      output: { entryFileNames: "studio.js", chunkFileNames: "[name].js", assetFileNames: "studio.[ext]" },
    },
  },
  test: { include: ["tests/unit/*.test.ts"], environment: "node" },
} as import("vite").UserConfig);
