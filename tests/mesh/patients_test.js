// A few patients of each public set; `node tests/mesh/patients.js` takes them all.
'use strict';
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { Mesh } = require('./mesh');
const { Skip } = require('./run');
const { ARCHIVES, unpack, putAll, askSome } = require('./patients');

const EACH = 5;

module.exports = {
  async before(world) {
    const there = ARCHIVES.filter((a) => fs.existsSync(a));
    if (there.length === 0) return;
    world.folder = fs.mkdtempSync(path.join(os.tmpdir(), 'consilium-patients-'));
    world.files = there.flatMap((archive) => unpack([archive], world.folder).slice(0, EACH));
    world.mesh = await Mesh.create();
    await world.mesh.up();
  },
  async after(world) {
    await world.mesh?.down();
    if (world.folder) fs.rmSync(world.folder, { recursive: true, force: true });
  },
  tests: {
    async 'patients of the public sets go in, every resource a fact or counted'({ mesh, files }) {
      if (!mesh) throw new Skip('the public sets are not there (set CONSILIUM_DATA)');
      await putAll(mesh, files);
    },
    async 'questions about them are answered'({ mesh, files }) {
      if (!mesh) throw new Skip('the public sets are not there (set CONSILIUM_DATA)');
      await askSome(mesh, files, files.length);
    },
  },
};
