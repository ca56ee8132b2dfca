// What is done to the mesh: each fault begins, lasts a while and is taken back. What it says is its name in the report.
'use strict';
const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

const LEAVES = ['deid', 'context', 'tokenizer', 'inference'];
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

function killed(service) {
  return {
    name: `kill -9 ${service}`,
    async run(world) {
      world.mesh.signal(service, 'SIGKILL');
      await pause(300);
      await world.mesh.start(service);
    },
  };
}

function frozen(service) {
  return {
    name: `freeze ${service}`,
    async run(world, ms) {
      world.mesh.signal(service, 'SIGSTOP');
      await pause(ms);
      world.mesh.signal(service, 'SIGCONT');
    },
  };
}

function troubled(name, verb, begin) {
  return {
    name: `${verb} ${name}`,
    async run(world, ms) {
      const proxy = world.proxies[name];
      begin(proxy);
      await pause(ms);
      proxy.set('pass');
    },
  };
}

function throughProxy(name) {
  return [
    troubled(name, 'slow way to', (proxy) => proxy.set('delay', 100)),
    troubled(name, 'no byte passes to', (proxy) => proxy.set('stall')),
    troubled(name, 'connections reset to', (proxy) => proxy.reset()),
    troubled(name, 'connections refused by', (proxy) => { proxy.set('refuse'); proxy.reset(); }),
    troubled(name, 'garbage from', (proxy) => proxy.set('garbage')),
  ];
}

// The disk of the audit log is full: what cannot be written down must not be answered.
const fullDisk = {
  name: 'full disk under the audit log',
  isPossible: (world) => world.hasOwnDisk,
  async run(world, ms) {
    const file = path.join(world.mesh.folder, 'audit', 'filler');
    const block = Buffer.alloc(64 * 1024);
    const fd = fs.openSync(file, 'w');
    try {
      for (;;) fs.writeSync(fd, block);
    } catch (error) {
      if (error.code !== 'ENOSPC') throw error;
    }
    await pause(ms);
    fs.closeSync(fd);
    fs.unlinkSync(file);
  },
};

// The wall clocks of all jump an hour, forth or back (libfaketime reads the file anew each second).
const clockStep = {
  name: 'clocks an hour off',
  isPossible: (world) => world.clockFile !== null,
  async run(world, ms) {
    fs.writeFileSync(world.clockFile, world.random() < 0.5 ? '+3600\n' : '-3600\n');
    await pause(1000 + ms);
    fs.writeFileSync(world.clockFile, '+0\n');
  },
};

const FAULTS = [
  ...[...LEAVES, 'gateway', 'redis'].flatMap((service) => [killed(service), frozen(service)]),
  ...[...LEAVES, 'redis'].flatMap(throughProxy),
  fullDisk,
  clockStep,
];

// libfaketime, where it is installed.
function fakeTimeLibrary() {
  try {
    return execFileSync('sh', ['-c', 'ls /usr/lib/*/faketime/libfaketime.so.1 2>/dev/null'], { encoding: 'utf8' }).trim() || null;
  } catch {
    return null;
  }
}

module.exports = { FAULTS, LEAVES, fakeTimeLibrary, pause };
