// The primary of Redis is killed while records are put: each Put that was called durable is there after the fail-over, though context forgets all it has in memory.
'use strict';
const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const { Mesh, sample, grpc } = require('./mesh');
const { RedisGroup } = require('./redis_group');

const AT_ONCE = 4;
const AFTER = 12; // durable Puts after the fail-over

async function putThrough(mesh, group) {
  const durable = new Map(); // patient → facts
  let next = 0, before = 0, undurable = 0, killed;
  const end = Date.now() + 90000;
  const worker = async () => {
    while ((!killed || durable.size < before + AFTER) && Date.now() < end) {
      const patient = `p-${next++}`;
      const reply = await mesh.put(patient, sample());
      if (reply.durable) durable.set(patient, reply.facts);
      else undurable++;
      if (durable.size === AFTER && !killed) {
        before = durable.size;
        killed = group.kill(group.primary);
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  await killed;
  return { durable, undurable };
}

// Not yet every node of a cluster is connected when the first is.
async function timelineOf(mesh, patient, tries = 50) {
  try {
    return await mesh.call(mesh.gateway, 'GetTimeline', { tenant: 'test', patient, page_size: 5000 });
  } catch (error) {
    if (error.code !== grpc.status.UNAVAILABLE || tries === 0) throw error;
    await new Promise((resolve) => setTimeout(resolve, 200));
    return timelineOf(mesh, patient, tries - 1);
  }
}

async function failsOver(kind) {
  const mesh = await Mesh.create();
  const password = crypto.randomBytes(18).toString('hex');
  const group = new RedisGroup(path.join(mesh.folder, 'group'), password);
  try {
    fs.writeFileSync(path.join(mesh.folder, 'redis.password'), `${password}\n`, { mode: 0o600 });
    mesh.env.MESH_FLAGS_context = `--redis=${await group[kind]()} --redis-replicas=1`;
    await mesh.up();
    const { durable, undurable } = await putThrough(mesh, group);
    assert.ok(durable.size >= 2 * AFTER, `${durable.size} durable Puts, ${undurable} others`);
    mesh.signal('context', 'SIGKILL');
    await new Promise((resolve) => setTimeout(resolve, 1000)); // until its port is free
    await mesh.start('context');
    await mesh.healthy();
    for (const [patient, facts] of durable) assert.equal((await timelineOf(mesh, patient)).facts.length, facts, patient);
  } finally {
    await group.close();
    await mesh.down();
  }
}

module.exports = {
  tests: {
    'Sentinel: the primary is killed while records are put, and none that was called durable is lost': () => failsOver('sentinels'),
    'Redis Cluster: a primary is killed while records are put, and none that was called durable is lost': () => failsOver('cluster'),
  },
};
