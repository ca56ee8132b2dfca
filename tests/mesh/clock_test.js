// Clocks are set back by an hour while a leaf is away: the gateway finds it again all the same. With the release build (libfaketime cannot be loaded before
// a sanitizer).
'use strict';
const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { Mesh, ROOT, sample, SAMPLE_QUESTION } = require('./mesh');
const { Skip } = require('./run');
const { fakeTimeLibrary, pause } = require('../chaos/faults');

const RELEASE = path.join(ROOT, 'build/release/bin');
const HEALS_S = 30; // gRPC core alone takes the hour

async function answersWithin(mesh, seconds) {
  const end = Date.now() + seconds * 1000;
  while (Date.now() < end) {
    if (await mesh.ask('p', SAMPLE_QUESTION, { seconds: 5 }).then(({ done }) => Boolean(done), () => false)) return true;
    await pause(100);
  }
  return false;
}

module.exports = {
  tests: {
    async 'clocks set back by an hour while deid is away: questions are answered again when it is back'() {
      const library = fakeTimeLibrary();
      if (!library || !fs.existsSync(path.join(RELEASE, 'gateway'))) throw new Skip('no libfaketime, or no release build');
      const mesh = await Mesh.create({ MESH_BIN: RELEASE, FAKETIME_DONT_FAKE_MONOTONIC: '1', FAKETIME_CACHE_DURATION: '1' });
      const clock = path.join(mesh.folder, 'clock');
      fs.writeFileSync(clock, '+3600\n');
      Object.assign(mesh.env, { LD_PRELOAD: library, FAKETIME_TIMESTAMP_FILE: clock });
      try {
        await mesh.up();
        await mesh.put('p', sample());
        assert.ok(await answersWithin(mesh, HEALS_S));
        mesh.signal('deid', 'SIGKILL');
        await pause(3000); // attempts to connect fail, and the next is put off by the clock of now
        fs.writeFileSync(clock, '+0\n');
        await pause(2000);
        await mesh.start('deid');
        assert.ok(await answersWithin(mesh, HEALS_S), `no answer within ${HEALS_S} s`);
      } finally {
        await mesh.down();
      }
    },
  },
};
