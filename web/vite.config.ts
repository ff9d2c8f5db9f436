// The build of the page: relative addresses, so that it works in any folder of any host.
import { fileURLToPath } from "node:url";
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig, type Plugin, type UserConfig } from "vite";

/** The licences of everything that the page contains. */
function notice(): Plugin {
  return {
    name: "notice",
    async generateBundle() {
      const { readFile } = await import("node:fs/promises");
      const source = await readFile(fileURLToPath(new URL("../NOTICE", import.meta.url)));
      this.emitFile({ type: "asset", fileName: "NOTICE.txt", source });
    },
  };
}

export default defineConfig({
  plugins: [svelte(), notice()],
  base: "./",
  // Parts of the studio are used here, and samples come from the repository.
  server: { fs: { allow: [".."] } },
  // Tests of the state use Svelte as a browser does.
  resolve: { dedupe: ["svelte"], ...(process.env.VITEST && { conditions: ["browser"] }) },
  worker: { format: "es" },
  build: {
    outDir: "dist",
    emptyOutDir: true,
    target: "es2022",
    cssTarget: ["chrome123", "firefox121", "safari17.5"],
    sourcemap: false,
    modulePreload: false,
    cssCodeSplit: false,
    assetsInlineLimit: 0,
  },
  test: { include: ["tests/unit/*.test.ts"], environment: "node" },
} as UserConfig);
