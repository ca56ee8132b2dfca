// What happens when more is asked than is taken, and when a part of the mesh is away.
'use strict';
const assert = require('node:assert/strict');
const { default: OpenAI } = require('openai');
const { Mesh, sample } = require('../mesh/mesh');

const MODEL = 'consilium-demo';
const ask = (more = {}) => ({ model: MODEL, patient: 'p1', messages: [{ role: 'user', content: 'Is the patient allergic to anything?' }], ...more });

module.exports = {
  async before(world) {
    world.mesh = await Mesh.create({ MESH_FLAGS_gateway: '--http-calls=2 --http-beat=20ms', MESH_FLAGS_inference: '--sequences=1 --queue=1' });
    await world.mesh.up();
    await world.mesh.put('p1', sample());
    world.client = (maxRetries) => new OpenAI({ baseURL: `${world.mesh.http}/v1`, apiKey: 'k', maxRetries, defaultHeaders: { 'x-consilium-tenant': 'test' } });
  },
  async after(world) { await world.mesh?.down(); },
  tests: {
    async 'limits: a full queue is a 429 with retry-after, which the SDK obeys'({ client }) {
      const results = await Promise.allSettled(Array.from({ length: 12 }, () => client(0).chat.completions.create(ask())));
      const refused = results.filter((r) => r.status === 'rejected').map((r) => r.reason);
      assert.ok(refused.length > 0 && refused.length < 12, `${refused.length} refused`);
      for (const error of refused) {
        assert.ok(error instanceof OpenAI.RateLimitError, String(error));
        assert.equal(error.headers.get('retry-after'), '1');
      }
      const patient = await Promise.allSettled(Array.from({ length: 4 }, () => client(8).chat.completions.create(ask())));
      assert.deepEqual(patient.map((r) => r.status), Array(4).fill('fulfilled'));
    },

    async 'limits: a stream that waits for the engine says that it is still there'({ mesh }) {
      const begin = async () => (await fetch(`${mesh.http}/v1/chat/completions`, { method: 'POST', headers: { 'x-consilium-tenant': 'test' }, body: JSON.stringify(ask({ stream: true })) })).text();
      let seen = '';
      for (let i = 0; i < 50 && !seen.includes(': still here\n\n'); i++) seen = (await Promise.all([begin(), begin()])).join('');
      assert.match(seen, /: still here\n\n/);
      assert.match(seen, /data: \[DONE\]\n\n$/);
    },

    async 'limits: a leaf that is away is a 503 that is worth trying again'({ mesh, client }) {
      mesh.signal('tokenizer', 'SIGKILL');
      const error = await client(0).chat.completions.create(ask()).then(() => undefined, (e) => e);
      assert.ok(error instanceof OpenAI.InternalServerError, String(error));
      assert.equal(error.status, 503);
      assert.equal(error.headers.get('retry-after'), '1');
      await mesh.start('tokenizer');
      await mesh.healthy();
      assert.match((await client(3).chat.completions.create(ask())).choices[0].message.content, /Penicillin/);
    },

    async 'limits: a gateway that is told to stop ends its streams first'({ mesh, client }) {
      const stream = await client(0).chat.completions.create(ask({ stream: true }));
      let text = '', told = false, finish;
      for await (const chunk of stream) {
        if (!told) mesh.signal('gateway', 'SIGTERM');
        told = true;
        text += chunk.choices[0]?.delta?.content ?? '';
        finish = chunk.choices[0]?.finish_reason ?? finish;
      }
      assert.equal(finish, 'stop');
      assert.match(text, /Penicillin/);
      for (let i = 0; ; i++) {
        const answered = await fetch(`${mesh.http}/v1/models`).then(() => true, () => false);
        if (!answered) break;
        assert.ok(i < 100, 'the gateway still listens');
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    },
  },
};
