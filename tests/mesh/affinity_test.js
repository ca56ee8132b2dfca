// Two replicas of inference: each patient's questions go to one of them, where the patient's prompt is known; when it is killed the other answers at once.
'use strict';
const assert = require('node:assert/strict');
const { spawn } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { Mesh, ROOT, sample, SAMPLE_QUESTION } = require('./mesh');

const PATIENTS = ['p1', 'p2', 'p3', 'p4', 'p5', 'p6'];

// What the replica that administers at @port has been asked to generate.
async function generated(port) {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  return Number(/rpc_server_calls_total\{method="Inference\.Generate",status="OK"\} (\d+)/.exec(text)?.[1] ?? 0);
}

async function startSecond(mesh) {
  const model = mesh.env.MESH_MODEL || path.join(ROOT, 'models/consilium-demo.gguf');
  const log = fs.openSync(mesh.log('inference-2'), 'a');
  const [port, admin] = [mesh.first + 6, mesh.first + 16];
  const child = spawn(path.join(mesh.bin, 'inference'), [`--model=${model}`, `--listen=127.0.0.1:${port}`, `--admin-listen=127.0.0.1:${admin}`],
    { stdio: ['ignore', log, log] });
  return { child, port, admin };
}

module.exports = {
  async before(world) {
    const mesh = (world.mesh = await Mesh.create());
    world.second = await startSecond(mesh);
    mesh.env.MESH_FLAGS_gateway = `--inference=127.0.0.1:${mesh.first + 4},127.0.0.1:${world.second.port}`;
    await mesh.up();
    for (const patient of PATIENTS) await mesh.put(patient, sample());
    // Both connections are up when both have answered somebody.
    world.admins = [mesh.first + 14, world.second.admin];
    for (let i = 0; i < 200; i++) {
      await mesh.ask(PATIENTS[i % PATIENTS.length], SAMPLE_QUESTION);
      if (i >= PATIENTS.length && (await generated(world.second.admin)) > 0 && (await generated(mesh.first + 14)) > 0) break;
    }
  },
  async after(world) {
    world.second?.child.kill('SIGKILL');
    await world.mesh?.down();
  },
  tests: {
    async 'one after the other, a patient\'s questions all go to one replica'({ mesh, admins }) {
      const homes = [];
      for (const patient of PATIENTS) {
        const before = await Promise.all(admins.map(generated));
        for (let i = 0; i < 4; i++) await mesh.ask(patient, SAMPLE_QUESTION);
        const more = (await Promise.all(admins.map(generated))).map((count, at) => count - before[at]);
        assert.deepEqual([...more].sort(), [0, 4], `${patient}: ${more}`);
        homes.push(more.indexOf(4));
      }
      assert.equal(new Set(homes).size, 2, `all patients live at one replica: ${homes}`);
    },
    async 'kill -9 of a replica: no question fails that had no word of its answer yet'({ mesh, second }) {
      const asks = PATIENTS.map((patient) => {
        let words = 0;
        return mesh.ask(patient, SAMPLE_QUESTION, { seconds: 120, onEvent: (event) => { words += event.event === 'text' ? 1 : 0; } })
          .then(() => 'answered', (error) => (words > 0 ? 'cut off' : `failed: ${error.message}`));
      });
      second.child.kill('SIGKILL');
      const outcomes = await Promise.all(asks);
      assert.deepEqual(outcomes.filter((outcome) => outcome.startsWith('failed')), []);
      for (const patient of PATIENTS) assert.ok((await mesh.ask(patient, SAMPLE_QUESTION)).done);
    },
  },
};
