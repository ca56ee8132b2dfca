// A model that embeds has a say in what is chosen of a record (gateway --slice-near), and its loss costs no answer.
'use strict';
const assert = require('node:assert/strict');
const path = require('node:path');
const { Mesh, spawn, sample, SAMPLE_QUESTION, grpc } = require('../mesh/mesh');
const encoder = require('./encoder');

function call(mesh, method, request) {
  return new Promise((resolve) => {
    const events = [];
    mesh.gateway[method](request).on('data', (event) => events.push(event)).on('error', () => {})
      .on('status', ({ code }) => resolve({ code, events }));
  });
}

const metrics = async (mesh, service) => (await fetch(`${mesh.admin(service)}/metrics`)).text();

module.exports = {
  async before(world) {
    const mesh = await Mesh.create();
    world.mesh = mesh;
    mesh.encoder = path.join(mesh.folder, 'encoder.gguf');
    encoder.write(mesh.encoder);
    mesh.env.MESH_FLAGS_gateway = `--slice-near --embed-inference=127.0.0.1:${mesh.first + 6} --embed-tokenizer=127.0.0.1:${mesh.first + 7}`;
    world.more = ['inference', 'tokenizer'].map((service, i) => spawn(path.join(mesh.bin, service),
      [`--listen=127.0.0.1:${mesh.first + 6 + i}`, `--model=${mesh.encoder}`, ...(service === 'inference' ? [`--admin-listen=127.0.0.1:${mesh.first + 8}`] : [])],
      { stdio: 'ignore' }));
    await mesh.up();
    await mesh.put('p1', sample());
  },
  async after({ mesh, more }) {
    for (const program of more ?? []) program.kill('SIGKILL');
    await mesh?.down();
  },
  tests: {
    async 'near: the names of a record and the question go to the model that embeds, and the question is answered'({ mesh }) {
      let embedded = '';
      for (const end = Date.now() + 20000; Date.now() < end && !/Inference\.Embed/.test(embedded);) {
        const { code } = await call(mesh, 'Ask', { tenant: 'test', patient: 'p1', question: SAMPLE_QUESTION });
        assert.equal(code, grpc.status.OK);
        embedded = await (await fetch(`http://127.0.0.1:${mesh.first + 8}/metrics`)).text();
      }
      assert.match(embedded, /method="Inference\.Embed"/);
      assert.match(await metrics(mesh, 'context'), /method="Context\.Names"/);
    },

    async 'near: while it is away, questions are answered without it'({ mesh, more }) {
      for (const program of more) program.kill('SIGKILL');
      for (let i = 0; i < 3; i++) {
        const { code, events } = await call(mesh, 'Ask', { tenant: 'test', patient: 'p1', question: SAMPLE_QUESTION });
        assert.equal(code, grpc.status.OK);
        assert.ok(events.some((event) => event.event === 'done'));
      }
    },
  },
};
