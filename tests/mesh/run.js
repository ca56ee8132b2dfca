// Runs the mesh tests (those named, or all), file after file, each with meshes of its own. Prints a line a test: "ok - NAME", "not ok - NAME", "skip - NAME".
'use strict';
const path = require('node:path');
const fs = require('node:fs');
const { Mesh } = require('./mesh');

// Files of this folder, those of the HTTP face and of the manifests, which bring packages of their own, and those of faults at random and of many replicas.
const FOLDERS = [__dirname, ...['web', 'deploy', 'chaos', 'scale'].map((name) => path.join(__dirname, '..', name))];
const tests = (folder) => fs.readdirSync(folder).filter((name) => name.endsWith('_test.js')).sort()
  .map((name) => path.join(folder, name));
const FILES = process.argv.length > 2 ? process.argv.slice(2).map((name) => (fs.existsSync(name) ? path.resolve(name) : path.join(__dirname, name)))
  : FOLDERS.flatMap(tests);

class Skip extends Error {}

async function main() {
  let failed = 0;
  for (const file of FILES) {
    let suite = {};
    const world = {};
    try {
      suite = require(file);
      if (suite.before) await suite.before(world);
      for (const [name, test] of Object.entries(suite.tests)) {
        try {
          await test(world);
          console.log(`ok - ${name}`);
        } catch (error) {
          if (error instanceof Skip) {
            console.log(`skip - ${name}: ${error.message}`);
          } else {
            failed++;
            console.log(`not ok - ${name}`);
            console.log(String(error.stack ?? error).replace(/^/gm, '    '));
          }
        }
      }
    } catch (error) {
      failed++;
      console.log(`not ok - ${path.basename(file)}`);
      console.log(String(error.stack ?? error).replace(/^/gm, '    '));
    } finally {
      if (suite.after) await suite.after(world).catch((error) => console.log(String(error)));
    }
    for (const trouble of Mesh.troubles.splice(0)) {
      failed++;
      console.log(`not ok - ${path.basename(file)}: the logs hold no report of a sanitizer and no failed check`);
      console.log(trouble.replace(/^/gm, '    '));
    }
  }
  console.log('end of mesh tests');
  process.exit(failed ? 1 : 0);
}

module.exports = { Skip };
if (require.main === module) main();
