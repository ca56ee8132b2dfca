// An independent gRPC client (grpc-js) speaks to every kind of method: with the project's protos, and by reflection alone.
'use strict';
const assert = require('node:assert/strict');
const path = require('node:path');
const loader = require('@grpc/proto-loader');
const { Mesh, PROTO, load, sample, SAMPLE_QUESTION, grpc, failure } = require('./mesh');

const SERVICES = ['gateway', 'deid', 'context', 'tokenizer', 'inference'];
const insecure = () => grpc.credentials.createInsecure();

// Everything that a reflection stream answers to @request.
function reflect(address, version, request) {
  const { ServerReflection } = load(path.join(PROTO, `grpc/reflection/${version}/reflection.proto`)).grpc.reflection[version];
  const client = new ServerReflection(address, insecure());
  return new Promise((resolve, reject) => {
    const call = client.ServerReflectionInfo();
    const replies = [];
    call.on('data', (reply) => replies.push(reply));
    call.on('error', reject);
    call.on('end', () => { client.close(); resolve(replies[0]); });
    call.write(request);
    call.end();
  });
}

module.exports = {
  async before(world) {
    world.mesh = await Mesh.create();
    await world.mesh.up();
    await world.mesh.put('p1', sample());
  },
  async after(world) { await world.mesh?.down(); },
  tests: {
    async 'health: every service is SERVING overall and by name, and an unknown one is NOT_FOUND'({ mesh }) {
      const { Health } = load(path.join(PROTO, 'grpc/health/v1/health.proto')).grpc.health.v1;
      for (const service of SERVICES) {
        const client = new Health(mesh.address(service), insecure());
        const name = `consilium.v1.${service[0].toUpperCase()}${service.slice(1)}`;
        assert.equal((await mesh.call(client, 'Check', { service: '' })).status, 'SERVING', service);
        assert.equal((await mesh.call(client, 'Check', { service: name })).status, 'SERVING', service);
        assert.equal((await failure(mesh.call(client, 'Check', { service: 'no.such.Service' }))).code, grpc.status.NOT_FOUND);
        client.close();
      }
    },

    async 'reflection, v1 and v1alpha, lists the services of a server'({ mesh }) {
      for (const version of ['v1', 'v1alpha']) {
        const reply = await reflect(mesh.address('tokenizer'), version, { list_services: '' });
        const names = reply.list_services_response.service.map((s) => s.name);
        assert.ok(names.includes('consilium.v1.Tokenizer'), names.join());
        assert.ok(names.includes('grpc.health.v1.Health'), names.join());
        assert.ok(!names.includes('consilium.v1.Deid'), names.join());
      }
    },

    async 'a client that has no proto files calls Tokenizer by what reflection says'({ mesh }) {
      const reply = await reflect(mesh.address('tokenizer'), 'v1', { file_containing_symbol: 'consilium.v1.Tokenizer' });
      const files = reply.file_descriptor_response.file_descriptor_proto;
      // A FileDescriptorSet is field 1 repeated: a tag, a length, a file.
      const varint = (n) => { const bytes = []; for (; n > 127; n >>>= 7) bytes.push((n & 127) | 128); bytes.push(n); return Buffer.from(bytes); };
      const set = Buffer.concat(files.flatMap((file) => [Buffer.from([10]), varint(file.length), file]));
      const loaded = grpc.loadPackageDefinition(loader.loadFileDescriptorSetFromBuffer(set, { keepCase: true }));
      const client = new loaded.consilium.v1.Tokenizer(mesh.address('tokenizer'), insecure());
      const encoded = await mesh.call(client, 'Encode', { text: 'Metformin 500 mg' });
      assert.ok(encoded.ids.length > 0);
      client.close();
    },

    async 'Tokenizer: decode(encode(x)) is x, and Count agrees with Encode'({ mesh }) {
      const client = mesh.stub('Tokenizer');
      for (const text of ['Hemoglobin A1c 7.2 % (high)', 'naïve café – 5 µg 💊 中文', ' two  spaces\nand a line']) {
        const { ids } = await mesh.call(client, 'Encode', { text });
        const decoded = await mesh.call(client, 'Decode', { ids, flush: true });
        assert.equal(decoded.text, text);
        assert.deepEqual((await mesh.call(client, 'Count', { texts: [text] })).counts, [ids.length]);
      }
      client.close();
    },

    async 'Gateway.Ask streams started, facts, text, citations and done, in that order'({ mesh }) {
      const answer = await mesh.ask('p1', SAMPLE_QUESTION);
      const kinds = answer.events.map((e) => e.event);
      assert.equal(kinds[0], 'started');
      assert.equal(kinds[1], 'facts');
      assert.equal(kinds.at(-1), 'done');
      assert.ok(answer.text.length > 0);
      assert.match(answer.done.model_digest, /^[0-9a-f]{64}$/);
      assert.equal(answer.done.model_digest, answer.started.model.digest);
      assert.deepEqual(answer.done.fact_ids, answer.facts.map((f) => f.id));
      assert.deepEqual(answer.done.timings.map((t) => t.service).sort(),
        ['context', 'context', 'deid', 'deid', 'gateway', 'inference', 'tokenizer', 'tokenizer']);
    },

    async 'each citation stands where it says, and says whether it names a fact of the prompt'({ mesh }) {
      const answer = await mesh.ask('p1', SAMPLE_QUESTION);
      const bytes = Buffer.from(answer.text);
      for (const citation of answer.citations) {
        assert.match(bytes.subarray(citation.start, citation.end).toString(), /^\[[\d, ]+\]$/);
        assert.equal(citation.known, answer.facts.some((f) => f.id === citation.fact_id));
        if (citation.known) assert.equal(citation.reference, answer.facts.find((f) => f.id === citation.fact_id).reference);
      }
      assert.equal(answer.done.citations_known, answer.citations.filter((c) => c.known).length);
    },

    async 'an answer that the limit of tokens ends is whole sentences, or nothing'({ mesh }) {
      const ask = (tokens_max) => mesh.ask('p1', 'What medications is the patient on?', { budget_tokens: 200, tokens_max });
      const whole = await ask(0);
      const cut = new Set();
      for (const tokens_max of [1, 12, 24, 36, 48, 60, 72]) {
        const { text, done } = await ask(tokens_max);
        assert.ok(whole.text.startsWith(text), `${tokens_max} tokens`);
        assert.match(text, /^(.*\]\.)?$/s, `${tokens_max} tokens`);
        if (text !== whole.text) assert.equal(done.finish_reason, 'FINISH_REASON_LENGTH');
        cut.add(text);
      }
      assert.ok(cut.has('') && cut.size > 1);
    },

    async 'no answer can cite what is not in its prompt, however it is sampled'({ mesh }) {
      const tokenizer = mesh.stub('Tokenizer');
      const inference = mesh.stub('Inference');
      const { ids: brackets } = await mesh.call(tokenizer, 'Encode', { text: '[' });
      const sampling = (seed) => ({ temperature: 1.5, seed, logit_bias: brackets.map((id) => ({ id, bias: 6 })) });
      let known = 0;
      for (let seed = 1; seed <= 4; seed++) {
        const { done } = await mesh.ask('p1', SAMPLE_QUESTION, { sampling: sampling(seed), tokens_max: 60 });
        assert.equal(done.citations_unknown, 0);
        known += done.citations_known;
      }
      assert.ok(known > 0);

      const cited = async (constraint) => {
        const { ids } = await mesh.call(tokenizer, 'Encode', { text: 'Facts [1] [2] [3] [4] [5] say so' });
        let answer = [];
        for (let seed = 1; seed <= 4; seed++) {
          const { ids: said } = await mesh.generate(inference, { ids, tokens_max: 60, sampling: sampling(seed), constraint });
          const { text } = await mesh.call(tokenizer, 'Decode', { ids: said, flush: true });
          answer = answer.concat([...text.matchAll(/\[([\d, ]*\d[\d, ]*)\]/g)].flatMap((match) => match[1].match(/\d+/g).map(Number)));
        }
        return new Set(answer);
      };
      assert.ok([...await cited()].some((id) => id !== 3));
      assert.deepEqual([...await cited({ citations: { fact_ids: [3] } })].filter((id) => id !== 3), []);
      tokenizer.close();
      inference.close();
    },

    async 'every fact of the prompt names a resource of the record that was put, by its own id'({ mesh }) {
      const bundle = JSON.parse(sample());
      const known = new Set(bundle.entry.map(({ resource }) => `${resource.resourceType}/${resource.id}`));
      const { facts } = await mesh.ask('p1', SAMPLE_QUESTION);
      for (const fact of facts) assert.ok(known.has(fact.reference), fact.reference);
    },

    async 'the same question with the same seed gives the same answer'({ mesh }) {
      const sampling = { temperature: 0.8, top_k: 20, top_p: 0.9, seed: 7 };
      const [first, second] = [await mesh.ask('p1', SAMPLE_QUESTION, { sampling }), await mesh.ask('p1', SAMPLE_QUESTION, { sampling })];
      assert.equal(first.text, second.text);
    },

    async 'AskMany answers for those it knows and says NOT_FOUND for the other'({ mesh }) {
      const events = await new Promise((resolve, reject) => {
        const all = [];
        const call = mesh.gateway.AskMany({ tenant: 'test', patients: ['p1', 'nobody'], question: SAMPLE_QUESTION },
          { deadline: Date.now() + 60000 });
        call.on('data', (event) => all.push(event));
        call.on('error', reject);
        call.on('end', () => resolve(all));
      });
      assert.ok(events.some((e) => e.patient === 'p1' && e.answer?.event === 'done'));
      assert.equal(events.find((e) => e.patient === 'nobody').failure.status, grpc.status.NOT_FOUND);
    },

    async 'GetTimeline pages through the record in order, and Forget forgets it'({ mesh }) {
      await mesh.put('p2', sample());
      const facts = [];
      let token = '';
      do {
        const page = await mesh.call(mesh.gateway, 'GetTimeline', { tenant: 'test', patient: 'p2', page_size: 50, page_token: token });
        assert.ok(page.facts.length <= 50);
        facts.push(...page.facts);
        token = page.next_page_token;
      } while (token);
      const dates = facts.map((f) => f.date).filter(Boolean);
      assert.deepEqual(dates, [...dates].sort());
      assert.equal((await mesh.call(mesh.gateway, 'Forget', { tenant: 'test', patient: 'p2' })).existed, true);
      assert.equal((await failure(mesh.ask('p2', SAMPLE_QUESTION))).code, grpc.status.NOT_FOUND);
      assert.equal((await mesh.call(mesh.gateway, 'Forget', { tenant: 'test', patient: 'p2' })).existed, false);
    },

    async 'another tenant does not know the patient'({ mesh }) {
      assert.equal((await failure(mesh.ask('p1', SAMPLE_QUESTION, { tenant: 'other' }))).code, grpc.status.NOT_FOUND);
    },
  },
};
