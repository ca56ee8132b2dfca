// The SDK `@azure-rest/ai-inference`, unmodified, against a mesh of real processes.
'use strict';
const assert = require('node:assert/strict');
const { default: ModelClient, isUnexpected } = require('@azure-rest/ai-inference');
const { AzureKeyCredential } = require('@azure/core-auth');
const { createSseStream } = require('@azure/core-sse');
const { Mesh, sample } = require('../mesh/mesh');

const MODEL = 'consilium-demo';
const body = (more = {}) => ({ headers: { 'x-consilium-tenant': 'test' }, body: { patient: 'p1', messages: [{ role: 'user', content: 'Is the patient allergic to anything?' }], ...more } });
const connect = (endpoint) => ModelClient(endpoint, new AzureKeyCredential('k'), { allowInsecureConnection: true, retryOptions: { maxRetries: 0 } });

module.exports = {
  async before(world) {
    world.mesh = await Mesh.create();
    await world.mesh.up();
    await world.mesh.put('p1', sample());
    world.client = connect(`${world.mesh.http}/models`);
  },
  async after(world) { await world.mesh?.down(); },
  tests: {
    async 'azure inference: the model says what it is'({ client }) {
      const reply = await client.path('/info').get();
      assert.equal(reply.status, '200');
      assert.equal(reply.body.model_name, MODEL);
    },

    async 'azure inference: an answer about a patient'({ client }) {
      for (const more of [{}, { model: MODEL }]) {
        const reply = await client.path('/chat/completions').post(body(more));
        assert.ok(!isUnexpected(reply), JSON.stringify(reply.body));
        assert.match(reply.body.choices[0].message.content, /Penicillin/);
        assert.ok(reply.body.consilium.facts.length > 0);
      }
    },

    async 'azure inference: by deployment'({ mesh }) {
      const client = connect(`${mesh.http}/openai/deployments/${MODEL}`);
      const reply = await client.path('/chat/completions').post(body());
      assert.match(reply.body.choices[0].message.content, /Penicillin/);
    },

    async 'azure inference: a stream'({ client }) {
      const reply = await client.path('/chat/completions').post(body({ stream: true })).asNodeStream();
      assert.equal(reply.status, '200');
      let text = '', last;
      for await (const event of createSseStream(reply.body)) {
        last = event.data;
        if (event.data !== '[DONE]') for (const choice of JSON.parse(event.data).choices) text += choice.delta?.content ?? '';
      }
      assert.equal(last, '[DONE]');
      assert.match(text, /Penicillin/);
    },

    async 'azure inference: errors have a code and a text'({ client }) {
      const reply = await client.path('/chat/completions').post(body({ model: 'nope' }));
      assert.ok(isUnexpected(reply));
      assert.equal(reply.status, '404');
      assert.equal(reply.body.error.code, 'model_not_found');
      const bad = await client.path('/chat/completions').post(body({ temperature: 9 }));
      assert.equal(bad.status, '400');
      assert.equal(bad.body.error.param, 'temperature');
    },
  },
};
