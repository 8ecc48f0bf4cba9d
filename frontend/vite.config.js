// Builds into the package, so that the wheel carries the pages' files and a bureau needs no node.
import { gzipSync } from "node:zlib";
import { defineConfig } from "vite";

// Whitenoise serves the .gz beside a file; made here once instead of at every request.
function gzipped() {
  return {
    name: "gzipped",
    generateBundle(_options, bundle) {
      for (const [name, file] of Object.entries(bundle)) {
        if (!/\.(m?js|css|svg)$/.test(name)) continue;
        const content = file.type === "chunk" ? file.code : file.source;
        this.emitFile({
          type: "asset",
          fileName: `${name}.gz`,
          source: gzipSync(content, { level: 9 }),
        });
      }
    },
  };
}

export default defineConfig({
  base: "./",
  publicDir: false,
  plugins: [gzipped()],
  build: {
    outDir: "../src/ecoledger/web/static/dist",
    emptyOutDir: true,
    manifest: "manifest.json",
    target: "es2022",
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1200,
    rollupOptions: { input: { base: "src/base.ts" } },
  },
});
