// Embeddings by HTTP with the SDKs unmodified: a model that embeds beside the one that answers.
'use strict';
const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { default: OpenAI, AzureOpenAI } = require('openai');
const { default: ModelClient } = require('@azure-rest/ai-inference');
const { AzureKeyCredential } = require('@azure/core-auth');
const { Mesh, ROOT, spawn, failure } = require('../mesh/mesh');
const encoder = require('./encoder');

const MODEL = 'test-encoder';
const length = (vector) => Math.hypot(...vector);
const near = (a, b) => a.length === b.length && a.every((value, i) => Math.abs(value - b[i]) < 1e-6);

async function rejects(promise, type, check = () => {}) {
  const error = await failure(promise);
  assert.ok(error instanceof type, `${error?.constructor?.name}: ${error?.message}`);
  check(error);
}

// The encoder's own inference and tokenizer, on free ports of the mesh.
function start(mesh, service, offset) {
  const program = spawn(path.join(mesh.bin, service), [`--listen=127.0.0.1:${mesh.first + offset}`, `--model=${mesh.encoder}`],
    { stdio: 'ignore' });
  mesh.more.push(program);
}

module.exports = {
  async before(world) {
    const mesh = await Mesh.create({ MESH_FLAGS_gateway: '' });
    world.mesh = mesh;
    mesh.more = [];
    mesh.encoder = path.join(mesh.folder, 'encoder.gguf');
    encoder.write(mesh.encoder);
    mesh.env.MESH_FLAGS_gateway =
      `--embed-inference=127.0.0.1:${mesh.first + 6} --embed-tokenizer=127.0.0.1:${mesh.first + 7} --http-models=dep1`;
    start(mesh, 'inference', 6);
    start(mesh, 'tokenizer', 7);
    await mesh.up();
    world.openai = new OpenAI({ baseURL: `${mesh.http}/openai/v1/`, apiKey: 'k', maxRetries: 5 });
    for (const end = Date.now() + 20000; Date.now() < end;) {
      const ids = [];
      for await (const model of world.openai.models.list()) ids.push(model.id);
      if (ids.includes(MODEL)) return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error('the encoder is not listed');
  },
  async after({ mesh }) {
    for (const program of mesh?.more ?? []) program.kill('SIGTERM');
    await mesh?.down();
  },
  tests: {
    async 'embeddings: the SDK asks for base64 and reads the numbers that floats say'({ openai }) {
      const input = 'The patient has fever.';
      const packed = await openai.embeddings.create({ model: MODEL, input });
      const plain = await openai.embeddings.create({ model: MODEL, input, encoding_format: 'float' });
      const raw = await openai.embeddings.create({ model: MODEL, input, encoding_format: 'base64' });
      assert.equal(packed.object, 'list');
      assert.equal(packed.model, MODEL);
      assert.equal(packed.data[0].embedding.length, encoder.WIDTH);
      assert.ok(near(packed.data[0].embedding, plain.data[0].embedding));
      assert.ok(near(packed.data[0].embedding, [...new Float32Array(new Uint8Array(Buffer.from(raw.data[0].embedding, 'base64')).buffer)]));
      assert.ok(Math.abs(length(packed.data[0].embedding) - 1) < 1e-5);
      assert.equal(packed.usage.prompt_tokens, 7); // [CLS] the patient has fever . [SEP]
      assert.match(packed.consilium.model_digest, /^[0-9a-f]{64}$/);
    },

    async 'embeddings: a text has one vector, alone and among others, in order'({ openai }) {
      const texts = Array.from({ length: 300 }, (_, i) => `cough ${i}`);
      const { data } = await openai.embeddings.create({ model: MODEL, input: texts });
      assert.deepEqual(data.map((item) => item.index), texts.map((_, i) => i));
      const alone = await openai.embeddings.create({ model: MODEL, input: texts[299] });
      assert.ok(near(alone.data[0].embedding, data[299].embedding));
      assert.ok(!near(data[0].embedding, data[299].embedding));
    },

    async 'embeddings: what is found of a person is not in the vector'({ openai }) {
      const of = async (input) => (await openai.embeddings.create({ model: MODEL, input })).data[0].embedding;
      const [one, other] = [await of('MRN: 4711 0815 has fever'), await of('MRN: 2345 6789 has fever')];
      assert.ok(near(one, other));
      assert.ok(!near(one, await of('MRN: 4711 0815 has cough')));
    },

    async 'embeddings: ids stand for the text that they read'({ openai }) {
      const id = (piece) => encoder.PIECES.indexOf(piece);
      const ids = ['the', 'patient', 'has', 'fever'].map((word) => id(`\u2581${word}`));
      const text = await openai.embeddings.create({ model: MODEL, input: 'the patient has fever' });
      const one = await openai.embeddings.create({ model: MODEL, input: ids });
      const two = await openai.embeddings.create({ model: MODEL, input: [ids, ids.slice(0, 2)] });
      assert.ok(near(one.data[0].embedding, text.data[0].embedding));
      assert.ok(near(two.data[0].embedding, text.data[0].embedding));
      assert.equal(two.data.length, 2);
      await rejects(openai.embeddings.create({ model: MODEL, input: [999999] }), OpenAI.BadRequestError);
    },

    async 'embeddings: fewer dimensions are the first values, of length 1'({ openai }) {
      const whole = (await openai.embeddings.create({ model: MODEL, input: 'fever' })).data[0].embedding;
      const some = (await openai.embeddings.create({ model: MODEL, input: 'fever', dimensions: 16 })).data[0].embedding;
      const scale = length(whole.slice(0, 16));
      assert.ok(near(some, whole.slice(0, 16).map((value) => value / scale)));
      await rejects(openai.embeddings.create({ model: MODEL, input: 'fever', dimensions: 65 }), OpenAI.BadRequestError);
    },

    async 'embeddings: Azure\'s path names the deployment'({ mesh }) {
      const azure = new AzureOpenAI({ endpoint: mesh.http, deployment: 'dep1', apiVersion: '2024-10-21', apiKey: 'k', maxRetries: 0 });
      const { data } = await azure.embeddings.create({ model: 'dep1', input: ['fever', 'cough'] });
      assert.equal(data.length, 2);
      const none = new AzureOpenAI({ endpoint: mesh.http, deployment: 'none', apiVersion: '2024-10-21', apiKey: 'k', maxRetries: 0 });
      await rejects(none.embeddings.create({ model: 'none', input: 'fever' }), OpenAI.NotFoundError,
        (error) => assert.equal(error.code, 'DeploymentNotFound'));
    },

    async 'embeddings: the SDK of Azure AI inference asks /models/embeddings'({ mesh, openai }) {
      const client = ModelClient(`${mesh.http}/models`, new AzureKeyCredential('k'), { allowInsecureConnection: true, retryOptions: { maxRetries: 0 } });
      const { status, body } = await client.path('/embeddings').post({ body: { input: ['fever', 'cough'], model: MODEL, encoding_format: 'float' } });
      assert.equal(status, '200', JSON.stringify(body));
      assert.deepEqual(body.data.map((item) => item.index), [0, 1]);
      assert.ok(near(body.data[0].embedding, (await openai.embeddings.create({ model: MODEL, input: 'fever' })).data[0].embedding));
      assert.equal((await client.path('/embeddings').post({ body: { input: ['fever'] } })).status, '200'); // one encoder behind the address
      const bad = await client.path('/embeddings').post({ body: { input: [''], model: MODEL } });
      assert.equal(bad.status, '400');
      assert.equal(bad.body.error.param, 'input');
    },

    async 'embeddings: the commands of the documentation work as printed'({ mesh }) {
      const text = fs.readFileSync(path.join(ROOT, 'docs/http-api.md'), 'utf8');
      const commands = [...text.matchAll(/^\$ (curl .*\/v1\/embeddings .*)$/gm)].map((found) => found[1]);
      assert.ok(commands.length >= 1);
      for (const command of commands) {
        const said = await mesh.exec('bash', ['-c', command.replaceAll('127.0.0.1:7105', mesh.http.slice(7)).replaceAll('bge-small', MODEL)]);
        assert.equal(JSON.parse(said.stdout).data.length, 2, said.stdout + said.stderr);
      }
    },

    async 'embeddings: what cannot be embedded is refused by name'({ openai, mesh }) {
      const bad = [[{ input: '' }, 'input'], [{ input: [] }, 'input'], [{ input: ['a', 7] }, 'input'], [{ input: [[1], 'a'] }, 'input'],
        [{ input: 'a', encoding_format: 'int8' }, 'encoding_format'], [{ input: 'a', dimensions: 0 }, 'dimensions'],
        [{ input: 'fever '.repeat(encoder.CONTEXT) }, 'input'], [{ input: Array(2049).fill('a') }, 'input']];
      for (const [body, param] of bad) {
        await rejects(openai.embeddings.create({ model: MODEL, ...body }), OpenAI.BadRequestError,
          (error) => assert.equal(error.param, param, JSON.stringify(body).slice(0, 60)));
      }
      await rejects(openai.embeddings.create({ model: 'gpt', input: 'a' }), OpenAI.NotFoundError,
        (error) => assert.equal(error.code, 'model_not_found'));
      const audit = await mesh.exec(path.join(mesh.bin, 'consilium'), ['audit', 'show', path.join(mesh.folder, 'audit'), '--json']);
      const embeds = audit.stdout.trim().split('\n').map((line) => JSON.parse(line)).filter((record) => record.action === 'embed');
      assert.ok(embeds.some((record) => record.outcome === 'OK' && record.count === 300));
      assert.ok(embeds.some((record) => record.outcome === 'INVALID_ARGUMENT'));
    },
  },
};
