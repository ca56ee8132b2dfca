// Twenty seconds of tests/chaos/chaos.js, so that it can be relied on; the long run is a command of its own (./mesh chaos).
'use strict';
const assert = require('node:assert/strict');
const { chaos } = require('./chaos');

module.exports = {
  tests: {
    async 'a short run of chaos: what must hold holds'() {
      const { checks } = await chaos({ seconds: 20, callers: 4, seed: 7, sanitized: true });
      assert.deepEqual(checks.filter(([, troubles]) => troubles.length), []);
    },
  },
};
