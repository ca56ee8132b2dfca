// One rolling restart of every service under a light load: tests/scale/rolling.js, which is a command of its own, fails no call.
'use strict';
const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const path = require('node:path');
const { Skip } = require('../mesh/run');

module.exports = {
  tests: {
    async 'each replica of each service is drained and started again under load, and no call fails'() {
      if (spawnSync('unshare', ['--mount', ...(process.getuid() === 0 ? [] : ['--user', '--map-root-user']), 'true']).status !== 0) {
        throw new Skip('no mount namespaces here');
      }
      const { status, stdout, stderr } = spawnSync(process.execPath, [path.join(__dirname, 'rolling.js'), '--rate=4'], { encoding: 'utf8' });
      assert.equal(status, 0, stdout + stderr);
    },
  },
};
