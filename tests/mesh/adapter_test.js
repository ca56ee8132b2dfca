// A hospital's own refinement of the weights: an adapter that a question names, through every door.
'use strict';
const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const gguf = require('./gguf');
const { Mesh, ROOT, failure, sample, grpc, SAMPLE_QUESTION } = require('./mesh');

const RANK = 4;

// Random refinements of every matrix of the layers, large enough to change what is answered.
function writeAdapter(file, model) {
  const { architecture, tensors } = gguf.read(model);
  const halves = Object.entries(tensors).filter(([name, shape]) => /^blk\.\d+\..*\.weight$/.test(name) && shape.length === 2)
    .flatMap(([name, [columns, rows]]) => [[`${name}.lora_a`, columns, RANK], [`${name}.lora_b`, RANK, rows]]);
  const random = gguf.randoms(11);
  gguf.write(file, [gguf.string('general.architecture', architecture), gguf.string('general.type', 'adapter'),
    gguf.string('adapter.type', 'lora'), gguf.f32('adapter.lora.alpha', RANK)], halves, () => 0.5 * random());
}

const chat = (mesh, body) => fetch(`${mesh.http}/v1/chat/completions`, { method: 'POST',
  headers: { 'content-type': 'application/json', 'x-consilium-tenant': 'test' }, body: JSON.stringify(body) });
const asked = (model, more = {}) => ({ model, messages: [{ role: 'user', content: SAMPLE_QUESTION }], patient: 'p1', ...more });

module.exports = {
  async before(world) {
    const mesh = (world.mesh = await Mesh.create());
    const model = mesh.env.MESH_MODEL || path.join(ROOT, 'models/consilium-demo.gguf');
    const file = path.join(mesh.folder, 'ours.gguf');
    writeAdapter(file, model);
    world.digest = crypto.createHash('sha256').update(fs.readFileSync(file)).digest('hex');
    mesh.env.MESH_FLAGS_inference = `--adapters=ours=${file}`;
    mesh.env.MESH_FLAGS_gateway = '--http-models=dep1 --answers=words'; // its own: sentences that are found are the same for every adapter
    await mesh.up();
    await mesh.put('p1', sample());
    world.plain = await mesh.ask('p1', SAMPLE_QUESTION);
    world.adapted = await mesh.ask('p1', SAMPLE_QUESTION, { adapter: 'ours' });
  },
  async after(world) {
    await world.mesh?.down();
  },
  tests: {
    async 'a question that names an adapter is answered by it, and says so'({ plain, adapted, digest }) {
      assert.equal(adapted.done.adapter_digest, digest);
      assert.equal(adapted.done.model_digest, plain.done.model_digest);
      assert.equal(plain.done.adapter_digest, '');
      assert.deepEqual(adapted.started.model.adapters, ['ours']);
      assert.notEqual(adapted.text, plain.text);
      assert.equal(adapted.done.citations_unknown, 0);
    },
    async 'beside it others are answered by the model as it is'({ mesh, plain, adapted }) {
      const answers = await Promise.all(['', 'ours', '', 'ours'].map((adapter) => mesh.ask('p1', SAMPLE_QUESTION, { adapter })));
      assert.deepEqual(answers.map((answer) => answer.text), [plain.text, adapted.text, plain.text, adapted.text]);
    },
    async 'an adapter that is not there is NOT_FOUND, and the text does not repeat its name'({ mesh }) {
      const error = await failure(mesh.ask('p1', SAMPLE_QUESTION, { adapter: 'nobodys' }));
      assert.equal(error.code, grpc.status.NOT_FOUND);
      assert.match(error.message, /the model has no adapter of that name/);
      assert.doesNotMatch(error.message, /nobodys/);
    },
    async 'many patients are asked with it too'({ mesh, adapted }) {
      const call = mesh.gateway.AskMany({ tenant: 'test', patients: ['p1'], question: SAMPLE_QUESTION, adapter: 'ours' });
      let text = '';
      for await (const { answer } of call) text += answer?.event === 'text' ? answer.text : '';
      assert.equal(text, adapted.text);
    },
    async 'by HTTP the model is named with it, also by a further name of the model'({ mesh, adapted, digest }) {
      for (const name of ['consilium-demo:ours', 'dep1:ours']) {
        const reply = await (await chat(mesh, asked(name))).json();
        assert.equal(reply.choices[0].message.content, adapted.text);
        assert.equal(reply.model, 'consilium-demo:ours');
        assert.equal(reply.consilium.adapter_digest, digest);
      }
    },
    async 'by HTTP an unknown adapter is 404, as an unknown model is'({ mesh }) {
      for (const name of ['consilium-demo:nobodys', 'consilium-demo:', ':ours', 'ours']) {
        const reply = await chat(mesh, asked(name));
        assert.equal(reply.status, 404, name);
        assert.equal((await reply.json()).error.code, 'model_not_found');
      }
    },
    async 'the list of models has it, with its parent'({ mesh }) {
      const list = (await (await fetch(`${mesh.http}/v1/models`)).json()).data;
      assert.deepEqual(list.map(({ id, parent }) => [id, parent]), [['consilium-demo', undefined], ['consilium-demo:ours', 'consilium-demo']]);
      const one = await (await fetch(`${mesh.http}/v1/models/dep1:ours`)).json();
      assert.deepEqual([one.id, one.parent], ['dep1:ours', 'dep1']);
    },
    async 'consilium ask takes it, and the audit log names the file'({ mesh, adapted, digest }) {
      const { status, stdout } = await mesh.consilium('ask', '--tenant=test', '--adapter=ours', '--json', 'p1', SAMPLE_QUESTION);
      assert.equal(status, 0);
      const events = stdout.trim().split('\n').map((line) => JSON.parse(line));
      assert.equal(events.map((event) => event.text ?? '').join(''), adapted.text);
      const folder = path.join(mesh.folder, 'audit');
      const lines = fs.readdirSync(folder).filter((name) => name.endsWith('.jsonl'))
        .flatMap((name) => fs.readFileSync(path.join(folder, name), 'utf8').split('\n').filter(Boolean).map((line) => JSON.parse(line)));
      const answers = lines.filter((line) => line.action === 'answer' && line.outcome === 'OK');
      assert.ok(answers.some((line) => line.adapter === digest) && answers.some((line) => line.adapter === undefined));
    },
  },
};
