// Inference by itself, as a client of another make sees it: everything that a request can ask for, and what becomes of it among others.
'use strict';
const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const { Mesh, ROOT, PROTO, load, failure, grpc, spawn } = require('./mesh');

const PROMPT = 'Patient: Ada Moss, born 1950-02-03.\n[1] Hemoglobin A1c 7.2 % on 2024-03-01\n[2] Metformin 500 mg, active\nWhat was the last hemoglobin A1c?';
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// Everything that Generate streams, put together for each answer; rejects with the call's error.
function generate(stub, request, onCall) {
  return new Promise((resolve, reject) => {
    const answers = [];
    let usage, digest;
    const call = stub.Generate(request, { deadline: Date.now() + 60000 });
    onCall?.(call);
    call.on('data', (reply) => {
      const answer = (answers[reply.answer] ??= { ids: [], logprobs: [], likeliest: [], cut: 0 });
      answer.ids.push(...reply.ids);
      answer.logprobs.push(...reply.logprobs);
      answer.likeliest.push(...reply.likeliest);
      if (reply.finish_reason !== 'FINISH_REASON_UNSPECIFIED') {
        answer.finish = reply.finish_reason;
        answer.cut = reply.cut_bytes;
      }
      usage = reply.usage ?? usage;
      digest = reply.model_digest || digest;
    });
    call.on('error', reject);
    call.on('end', () => resolve({ ...answers[0], answers, usage, digest }));
  });
}

// A service of its own beside the mesh, with @flags.
async function serve(world, port, ...flags) {
  const address = `127.0.0.1:${world.mesh.first + port}`, admin = `127.0.0.1:${world.mesh.first + port + 1}`;
  const child = spawn(path.join(world.mesh.bin, 'inference'), [`--listen=${address}`, `--admin-listen=${admin}`, ...flags],
    { stdio: ['ignore', 'ignore', fs.openSync(path.join(world.mesh.folder, `own-${port}.log`), 'w')] });
  const { v1 } = load(path.join(PROTO, 'consilium/v1/inference.proto')).consilium;
  const stub = new v1.Inference(address, grpc.credentials.createInsecure());
  world.children.push(child);
  for (let i = 0; i < 300; i++) {
    const ready = await fetch(`http://${admin}/readyz`).then((reply) => reply.status === 200, () => false);
    if (ready) return { stub, admin: `http://${admin}` };
    await sleep(100);
  }
  throw new Error('the service is not ready');
}

async function metric(admin, name) {
  const text = await (await fetch(`${admin}/metrics`)).text();
  return Number(text.match(new RegExp(`^${name} (\\S+)$`, 'm'))?.[1]);
}

// Metrics are at most a second old.
async function settles(admin, name, value) {
  for (let i = 0; i < 50; i++) {
    if ((await metric(admin, name)) === value) return;
    await sleep(100);
  }
  assert.equal(await metric(admin, name), value);
}

module.exports = {
  async before(world) {
    world.children = [];
    world.mesh = await Mesh.create();
    world.mesh.env.MESH_FLAGS_inference = '--sequences=6';
    world.model = world.mesh.env.MESH_MODEL || path.join(ROOT, 'models/consilium-demo.gguf');
    await world.mesh.up();
    world.stub = world.mesh.stub('Inference');
    world.texts = world.mesh.stub('Tokenizer');
    world.encode = async (text) => (await world.mesh.call(world.texts, 'Encode', { text, add_bos: true })).ids;
    world.decode = async (ids) => (await world.mesh.call(world.texts, 'Decode', { ids, flush: true })).text;
    world.ids = await world.encode(PROMPT);
    world.greedy = await generate(world.stub, { ids: world.ids, tokens_max: 40 });
    world.likeliest = world.greedy.ids[0];
  },
  async after(world) {
    for (const child of world.children) child.kill('SIGTERM');
    await world.mesh?.down();
  },
  tests: {
    async 'a seed gives the same ids and logarithms alone and among others'({ stub, ids }) {
      const drawn = { ids, tokens_max: 40, sampling: { temperature: 1.2, top_k: 60, top_p: 0.98, seed: 7 } };
      const alone = await generate(stub, drawn);
      const all = await Promise.all(Array.from({ length: 12 }, (_, i) => (i % 2 ? generate(stub, drawn)
        : generate(stub, { ids: ids.slice(i), tokens_max: 30, sampling: { temperature: 1, seed: i } }))));
      for (const { ids: again, logprobs } of all.filter((_, i) => i % 2)) {
        assert.deepEqual(again, alone.ids);
        assert.deepEqual(logprobs, alone.logprobs);
      }
      const other = await generate(stub, { ...drawn, sampling: { ...drawn.sampling, seed: 8 } });
      assert.notDeepEqual(other.ids, alone.ids);
    },
    async 'several answers are those of the seeds one by one, for one prompt'({ stub, ids }) {
      const request = { ids, tokens_max: 25, sampling: { temperature: 1, seed: 40 } };
      const together = await generate(stub, { ...request, answers: 4 });
      assert.equal(together.answers.length, 4);
      assert.equal(together.usage.prompt_tokens, ids.length);
      for (let i = 0; i < 4; i++) {
        const one = await generate(stub, { ...request, sampling: { temperature: 1, seed: 40 + i } });
        assert.deepEqual(together.answers[i].ids, one.ids);
      }
    },
    async 'a prompt that begins like an earlier one computes only the rest'({ stub, ids }) {
      const long = [...ids, ...ids, ...ids, ...ids].slice(0, 200);
      const first = await generate(stub, { ids: [...long, 5], tokens_max: 3 });
      const second = await generate(stub, { ids: [...long, 6], tokens_max: 3 });
      assert.equal(first.usage.prompt_tokens, 201);
      assert.equal(second.usage.reused_tokens, 192);
    },
    async 'a stop text ends an answer before it, wherever the borders of its ids are'({ mesh, stub, texts, ids, greedy, decode }) {
      const text = await decode(greedy.ids);
      const { pieces } = await mesh.call(texts, 'Decode', { ids: greedy.ids, pieces: true });
      const isLong = (piece) => piece?.length > 1 && !String(piece).startsWith('<|'); // a mark of the chat has no text
      const at = pieces.findIndex((piece, i) => i > 3 && isLong(piece) && isLong(pieces[i + 1]));
      assert.ok(at > 0, 'the answer has two pieces of several bytes');
      const stop = Buffer.concat([pieces[at].subarray(-1), pieces[at + 1].subarray(0, 1)]);
      const cut = await generate(stub, { ids, tokens_max: 40, stop_texts: [stop] });
      const told = Buffer.from(await decode(cut.ids));
      assert.equal(cut.finish, 'FINISH_REASON_STOP');
      assert.equal(told.subarray(0, told.length - cut.cut).toString(), text.slice(0, text.indexOf(stop.toString())));
    },
    async 'logarithms are those of Score, and the likeliest come in order'({ mesh, stub, ids, greedy }) {
      const request = { ids, tokens_max: 40, top_logprobs: 5 };
      const told = await generate(stub, request);
      const { scores } = await mesh.call(stub, 'Score', { ids, continuations: [{ ids: greedy.ids }, { ids: [greedy.ids[0] + 1] }] });
      assert.deepEqual(told.ids, greedy.ids);
      told.likeliest.forEach((row, i) => {
        assert.equal(row.ids.length, 5);
        assert.equal(row.ids[0], told.ids[i]);
        assert.deepEqual([...row.logprobs].sort((a, b) => b - a), row.logprobs);
        assert.ok(row.logprobs.reduce((sum, p) => sum + Math.exp(p), 0) < 1.0001);
        assert.ok(Math.abs(scores[0].logprobs[i] - told.logprobs[i]) < 1e-3);
      });
      // Every id of a greedy answer is the likeliest by another way of computing it: what was guessed along changed nothing.
      assert.equal(scores[0].is_likeliest, true);
      assert.equal(scores[1].is_likeliest, false);
      assert.ok(Math.abs(scores[0].logprobs.reduce((sum, p) => sum + p, 0) - scores[0].sum) < 1e-3);
    },
    async 'of one candidate that is left the greedy answer comes, by each of the three cuts'({ stub, ids, greedy }) {
      for (const cut of [{ top_k: 1 }, { top_p: 1e-6 }, { min_p: 1 }]) {
        const drawn = await generate(stub, { ids, tokens_max: 40, sampling: { temperature: 1, seed: 3, ...cut } });
        assert.deepEqual(drawn.ids, greedy.ids, JSON.stringify(cut));
      }
    },
    async 'a bias forbids an id or brings it about'({ stub, ids, likeliest }) {
      const bias = (id, by) => generate(stub, { ids, tokens_max: 20, sampling: { logit_bias: [{ id, bias: by }] } });
      assert.ok(!(await bias(likeliest, -100)).ids.includes(likeliest));
      assert.deepEqual(new Set((await bias(99, 100)).ids), new Set([99]));
    },
    async 'penalties keep an answer from what was there'({ stub, ids }) {
      const present = await generate(stub, { ids, tokens_max: 60, sampling: { presence_penalty: 100 } });
      assert.equal(new Set(present.ids).size, present.ids.length);
      const frequent = await generate(stub, { ids, tokens_max: 60, sampling: { frequency_penalty: 100 } });
      assert.equal(new Set(frequent.ids).size, frequent.ids.length);
      const plain = await generate(stub, { ids, tokens_max: 60 });
      const repeated = await generate(stub, { ids, tokens_max: 60, sampling: { repetition_penalty: 50 } });
      const shared = ({ ids: own }) => own.filter((id, i) => ids.includes(id) || own.indexOf(id) < i).length;
      assert.ok(shared(repeated) < shared(plain));
    },
    async 'an answer held to a schema is of it; one that nothing can meet is refused'({ stub, ids, decode }) {
      const schema = { type: 'object', required: ['name', 'dose'], additionalProperties: false,
        properties: { name: { type: 'string', minLength: 1, maxLength: 12 }, dose: { type: 'integer', minimum: 1, maximum: 900 } } };
      const held = (json) => generate(stub, { ids, tokens_max: 200, answers: 8, sampling: { temperature: 1.5, seed: 5 },
        constraint: { json_schema: JSON.stringify(json) } });
      for (const answer of (await held(schema)).answers) {
        const { name, dose, ...rest } = JSON.parse(await decode(answer.ids));
        assert.ok(name.length >= 1 && [...name].length <= 12 && Number.isInteger(dose) && dose >= 1 && dose <= 900);
        assert.deepEqual(rest, {});
      }
      const unmet = await failure(held({ type: 'string', minLength: 5, maxLength: 2 }));
      assert.equal(unmet.code, grpc.status.INVALID_ARGUMENT);
      const unknown = await failure(held({ type: 'array', uniqueItems: true }));
      assert.match(unknown.message, /uniqueItems/);
    },
    async 'what cannot be run is refused with a sentence'({ mesh, stub, ids }) {
      const refused = async (request, text) => {
        const error = await failure(generate(stub, request));
        assert.equal(error.code, grpc.status.INVALID_ARGUMENT);
        assert.match(error.message, text);
      };
      await refused({ ids: Array(2000).fill(3) }, /2000 ids .* context of \d+/);
      await refused({ ids: [] }, /id/);
      await refused({ ids: [1 << 20] }, /vocabulary/);
      await refused({ ids, sampling: { temperature: -1 } }, /temperature/);
      await refused({ ids, sampling: { logit_bias: [{ id: 1 << 20, bias: 1 }] } }, /vocabulary/);
      await refused({ ids, top_logprobs: 21 }, /20/);
      const embed = await failure(mesh.call(stub, 'Embed', { texts: [{ ids }] }));
      assert.equal(embed.code, grpc.status.FAILED_PRECONDITION);
    },
    async 'the urgent go first, those for whom nobody waits last'(world) {
      const { stub } = await serve(world, 15, `--model=${world.model}`, '--sequences=1');
      const order = [];
      const ask = (name, priority, tokens, onCall) => generate(stub, { ids: world.ids, tokens_max: tokens, priority }, onCall).then(() => order.push(name));
      const begun = {};
      const first = new Promise((resolve) => { begun.first = ask('first', 'PRIORITY_UNSPECIFIED', 700, (call) => call.once('data', resolve)); });
      await first; // it has the only sequence
      await Promise.all([begun.first, ask('batch', 'PRIORITY_BATCH', 5), ask('normal', 'PRIORITY_UNSPECIFIED', 5), ask('urgent', 'PRIORITY_URGENT', 5)]);
      assert.deepEqual(order, ['first', 'urgent', 'normal', 'batch']);
    },
    async 'a full queue says when to come again; who goes away leaves nothing behind'(world) {
      const { stub, admin } = await serve(world, 17, `--model=${world.model}`, '--sequences=1', '--queue=1');
      const calls = [];
      await generate(stub, { ids: world.ids, tokens_max: 5 }); // by how long it took the hint is reckoned
      const asked = Array.from({ length: 4 }, () => failure(generate(stub, { ids: world.ids, tokens_max: 800 }, (call) => calls.push(call))));
      const refused = await Promise.race(asked);
      assert.equal(refused.code, grpc.status.RESOURCE_EXHAUSTED);
      assert.ok(Number(refused.metadata.get('grpc-retry-pushback-ms')[0]) > 0);
      for (const call of calls) call.cancel();
      await Promise.all(asked);
      await settles(admin, 'inference_requests_running', 0);
      await settles(admin, 'inference_requests_waiting', 0);
      await settles(admin, 'inference_pages_used', 0);
      assert.ok((await metric(admin, 'inference_refused_total')) >= 1);
      assert.equal((await generate(stub, { ids: world.ids, tokens_max: 5 })).ids.length, 5);
    },
    async 'keys and values in 8 bits say nearly the same'(world) {
      const { stub } = await serve(world, 15 + 100, `--model=${world.model}`, '--cache-bits=8');
      const request = { ids: world.ids, continuations: [{ ids: world.greedy.ids }] };
      const [coarse, fine] = await Promise.all([stub, world.stub].map((to) => world.mesh.call(to, 'Score', request)));
      const means = [coarse, fine].map(({ scores }) => scores[0].sum / world.greedy.ids.length);
      assert.ok(Math.abs(means[0] - means[1]) < 0.05, `${means}`);
      assert.notEqual(means[0], means[1]);
    },
    async 'a new file is served beside the old, whose streams go on to their end'(world) {
      const file = path.join(world.mesh.folder, 'swapped.gguf'), bytes = fs.readFileSync(world.model);
      const digest = (data) => crypto.createHash('sha256').update(data).digest('hex');
      const before = digest(bytes);
      fs.writeFileSync(file, bytes);
      const { stub, admin } = await serve(world, 117, `--model=${file}`, '--model-watch=100ms');
      const request = { ids: world.ids, tokens_max: 800, sampling: { temperature: 1, seed: 1 } };
      const whole = await generate(stub, request);
      const begun = [];
      const streams = Array.from({ length: 8 }, (_, i) => generate(stub, request, (call) => {
        begun[i] = new Promise((resolve) => call.once('data', resolve));
      }));
      await begun[0];
      bytes[bytes.length - 1] ^= 1; // a weight
      fs.writeFileSync(`${file}.new`, bytes);
      fs.renameSync(`${file}.new`, file);
      const old = await Promise.all(streams);
      for (const { digest: of, ids } of old) {
        assert.equal(of, before);
        assert.deepEqual(ids, whole.ids);
      }
      for (let i = 0; i < 100; i++) {
        if ((await world.mesh.call(stub, 'GetModel', {})).digest !== before) break;
        await sleep(100);
      }
      const after = await generate(stub, { ...request, tokens_max: 5 });
      assert.equal(after.digest, digest(bytes));
      assert.equal((await fetch(`${admin}/readyz`)).status, 200);
    },
    async 'metrics tell what to scale on'({ mesh }) {
      const admin = mesh.admin('inference');
      for (const name of ['requests_waiting', 'requests_running', 'refused_total', 'prompt_tokens_total', 'generated_tokens_total',
        'reused_tokens_total', 'pages', 'pages_used', 'first_token_seconds_count', 'queue_seconds_count']) {
        assert.ok((await metric(admin, `inference_${name}`)) >= 0, name);
      }
      assert.ok((await metric(admin, 'inference_generated_tokens_total')) > 0);
    },
  },
};
