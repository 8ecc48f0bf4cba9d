// Builds into the package, so that the wheel carries the pages' files and a bureau needs no node.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { PurgeCSS } from "purgecss";
import { defineConfig } from "vite";

// Tabler's sheet is half a megabyte, of which the pages use a twentieth: rules whose classes stand in no
// template, script or Python file are left out. Our own sheets are kept whole.
function purged() {
  const root = join(import.meta.dirname, "..");
  const content = ["src/ecoledger/**/*.html", "src/ecoledger/**/*.py", "frontend/src/**/*.ts"];
  return {
    name: "purged",
    enforce: "pre",
    async transform(code, id) {
      if (!id.includes("tabler") || !id.includes(".css")) return null;
      const [sheet] = await new PurgeCSS().purge({
        content: content.map((glob) => join(root, glob)),
        css: [{ raw: code }],
        variables: false,
        safelist: { standard: [/^data-bs-theme/, /^:/] },
      });
      return { code: sheet.css, map: null };
    },
  };
}

// Whitenoise serves the .gz beside a file; made here once instead of at every request, and from the
// written files: in the bundle other plugins may still have work to do.
function gzipped() {
  return {
    name: "gzipped",
    writeBundle({ dir }, bundle) {
      for (const name of Object.keys(bundle)) {
        if (!/\.(m?js|css|svg)$/.test(name)) continue;
        const path = join(dir, name);
        writeFileSync(`${path}.gz`, gzipSync(readFileSync(path), { level: 9 }));
      }
    },
  };
}

export default defineConfig({
  base: "./",
  publicDir: false,
  plugins: [purged(), gzipped()],
  build: {
    outDir: "../src/ecoledger/web/static/dist",
    emptyOutDir: true,
    manifest: "manifest.json",
    target: "es2022",
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1200,
    rollupOptions: {
      // htmx can run what a page says in hx-on; the pages' security policy forbids it, and none says anything.
      checks: { eval: false },
      input: { base: "src/base.ts", worker: "src/worker.ts" },
      // The worker's address must stay the same; everything else carries its hash.
      output: {
        entryFileNames: (chunk) =>
          chunk.name === "worker" ? "worker.js" : "assets/[name]-[hash].js",
      },
    },
  },
});
