// TeX to MathML, by the very MathJax that draws the formulas of the book: node mathml.mjs FOLDER JOBS
//
// FOLDER has MathJax's node-main.js and tex-full.js. JOBS is a JSON file, a list of [TeX, on a line of its own]; the
// MathML of each is printed, as a JSON list. A command that MathJax does not know ends it with an error.
import fs from "node:fs";
import { createRequire } from "node:module";
import { resolve } from "node:path";

const [folder, jobs] = process.argv.slice(2).map((path) => resolve(path));
const said = console.log;
console.log = () => {};
const { init } = createRequire(import.meta.url)(`${folder}/node-main.js`);
const MathJax = await init({
  loader: { load: ["input/tex-full"], source: { "input/tex-full": `${folder}/tex-full.js` } },
  tex: { packages: ["base", "ams", "boldsymbol", "color", "newcommand"] },
  startup: { typeset: false },
});
const made = JSON.parse(fs.readFileSync(jobs, "utf8")).map(([tex, display]) => {
  const mathml = MathJax.tex2mml(tex, { display }).replace(/>\s+</g, "><");
  if (mathml.includes("<merror") || mathml.includes('mathcolor="red"')) {
    console.error(`no MathML for ${tex}`);
    process.exit(1);
  }
  return mathml;
});
said(JSON.stringify(made));
