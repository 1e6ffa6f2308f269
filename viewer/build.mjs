// Bundles the viewer into the one file that the Python package ships. The same sources and versions give the same
// bytes, so the kept file can be checked: `node build.mjs --out FILE` writes elsewhere.
import { build } from "esbuild";
import { readFile } from "node:fs/promises";

const here = new URL(".", import.meta.url);
const named = process.argv.indexOf("--out");
const outfile =
  named > 0 ? process.argv[named + 1] : new URL("../src/visual_analyse/draw/page/viewer.js", here).pathname;
const { version } = JSON.parse(await readFile(new URL("node_modules/three/package.json", here)));
const licence = (await readFile(new URL("node_modules/three/LICENSE", here), "utf8")).replace(/\r/g, "").trim();

await build({
  absWorkingDir: here.pathname,
  entryPoints: ["src/main.ts"],
  outfile,
  bundle: true,
  minify: true,
  format: "iife",
  target: "es2022",
  charset: "ascii",
  legalComments: "eof",
  banner: { js: `/* Built from viewer/ by \`npm ci && npm run build\`; not written by hand.\n\nthree.js ${version}\n\n${licence}\n*/` },
});
const text = await readFile(outfile, "utf8");
if (/<\/script|<!--/i.test(text)) throw new Error("The bundle would end the script element that holds it.");
console.log(`${outfile}: ${(text.length / 1024).toFixed(0)} KB`);
