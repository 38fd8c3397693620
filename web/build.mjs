// Builds what the browser loads into static/built: each script in scripts/ as one file, and Leaflet beside them.
import { cp, mkdir, readdir, rename, rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = fileURLToPath(new URL(".", import.meta.url));
const fresh = `${here}static/built.new`;
const built = `${here}static/built`;

await rm(fresh, { recursive: true, force: true });
await mkdir(`${fresh}/leaflet`, { recursive: true });

const scripts = (await readdir(`${here}scripts`)).filter((name) => name.endsWith(".ts") && !name.endsWith(".d.ts"));
const phone = ["phone/app.tsx", "phone/worker.ts"];
await build({
  entryPoints: [...scripts, ...phone].map((name) => `${here}scripts/${name}`),
  outbase: `${here}scripts`,
  outdir: fresh,
  jsx: "automatic",
  jsxImportSource: "preact",
  bundle: true,
  minify: true,
  format: "iife",
  target: ["es2022"],
  charset: "utf8",
  legalComments: "linked",
  logLevel: "warning",
});

const leaflet = `${here}node_modules/leaflet/`;
for (const part of ["dist/leaflet.js", "dist/leaflet.css", "dist/images", "LICENSE"]) {
  await cp(leaflet + part, `${fresh}/leaflet/${part.replace("dist/", "")}`, { recursive: true });
}

// The old build serves until the new one is whole.
await rm(built, { recursive: true, force: true });
await rename(fresh, built);
