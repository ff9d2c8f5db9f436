// The build of the page: relative addresses, so that it works in any folder of any host.
import { fileURLToPath } from "node:url";
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig, type Plugin, type UserConfig } from "vite";
import { noticeOf } from "./notice";

/** The licences of everything that the page contains. `build-module` writes the names of the crates. */
function notice(): Plugin {
  return {
    name: "notice",
    async generateBundle() {
      const { readFile } = await import("node:fs/promises");
      const read = (path: string) => readFile(fileURLToPath(new URL(path, import.meta.url)), "utf8");
      const crates = (await read("./pkg/crates.txt")).split("\n").map((line) => line.split(" ").slice(0, 2).join(" "));
      const source = noticeOf(await read("../NOTICE"), new Set(crates.map((crate) => crate.replace(" v", " "))));
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
