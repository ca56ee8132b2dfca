// Bad input at the door: a clear error with the right status, and the mesh serves on.
'use strict';
const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { Mesh, ROOT, failure, sample, SAMPLE_QUESTION, grpc } = require('./mesh');

const S = grpc.status;
const patient = (id) => ({ resource: { resourceType: 'Patient', id, gender: 'female', birthDate: '1950-01-01' } });

async function refused(promise, code, words) {
  const error = await failure(promise);
  assert.equal(error.code, code, `${S[error.code]}: ${error.details}`);
  if (words) assert.match(error.details, words);
}

module.exports = {
  async before(world) {
    world.mesh = await Mesh.create();
    await world.mesh.up();
    await world.mesh.put('p1', sample());
  },
  async after(world) { await world.mesh?.down(); },
  tests: {
    async 'malformed JSON is INVALID_ARGUMENT, cut anywhere'({ mesh }) {
      const bytes = sample();
      for (const share of [0.001, 0.25, 0.5, 0.9, 0.9999]) {
        await refused(mesh.put('p-bad', bytes.subarray(0, Math.floor(bytes.length * share))), S.INVALID_ARGUMENT);
      }
      await refused(mesh.put('p-bad', 'not JSON at all'), S.INVALID_ARGUMENT);
      await refused(mesh.put('p-bad', ''), S.INVALID_ARGUMENT);
      await refused(mesh.ask('p-bad', SAMPLE_QUESTION), S.NOT_FOUND);
    },
    async 'two patients in a bundle are INVALID_ARGUMENT'({ mesh }) {
      await refused(mesh.put('p-two', { resourceType: 'Bundle', type: 'collection', entry: [patient('a'), patient('b')] }),
        S.INVALID_ARGUMENT, /two patients/);
    },
    async 'a resource that is no Bundle is INVALID_ARGUMENT'({ mesh }) {
      await refused(mesh.put('p-type', { resourceType: 'Banana' }), S.INVALID_ARGUMENT);
      await refused(mesh.put('p-type', '[1, 2, 3]'), S.INVALID_ARGUMENT);
    },
    async 'a bundle without a Patient is INVALID_ARGUMENT, and joins the record of a patient who is known'({ mesh }) {
      const weight = {
        resourceType: 'Bundle', type: 'collection',
        entry: [{
          resource: {
            resourceType: 'Observation', id: 'w1', status: 'final', code: { text: 'Body weight' }, subject: { reference: 'Patient/a' },
            effectiveDateTime: '2020-03-03', valueQuantity: { value: 70, unit: 'kg' },
          },
        }],
      };
      await refused(mesh.put('p-nobody', weight), S.INVALID_ARGUMENT, /no Patient/);
      await refused(mesh.ask('p-nobody', SAMPLE_QUESTION), S.NOT_FOUND);
      await mesh.put('p-nobody', { resourceType: 'Bundle', type: 'collection', entry: [patient('a')] });
      assert.equal((await mesh.put('p-nobody', weight)).resources_as_facts, 1);
    },
    async 'two patients without ids are two'({ mesh }) {
      await refused(mesh.put('p-two', { resourceType: 'Bundle', type: 'collection', entry: [patient(), patient()] }), S.INVALID_ARGUMENT, /two patients/);
      assert.equal((await mesh.put('p-one', { resourceType: 'Bundle', type: 'collection', entry: [patient()] })).resources, 1);
    },
    async 'a resource of a type that FHIR does not have is counted, and loses nothing else'({ mesh }) {
      const reply = await mesh.put('p-banana', { resourceType: 'Bundle', type: 'collection', entry: [patient('a'), { resource: { resourceType: 'Banana', id: 'b' } }] });
      assert.equal(reply.resources, 2);
      assert.equal(reply.resources_as_facts + reply.not_facts.reduce((sum, { count }) => sum + count, 0), 2);
      assert.equal(reply.not_facts.length, 1);
    },
    async 'a reference that dangles is kept, and loses nothing else'({ mesh }) {
      const reply = await mesh.put('p-dangling', {
        resourceType: 'Bundle', type: 'collection',
        entry: [patient('a'), {
          resource: {
            resourceType: 'Observation', id: 'o1', status: 'final', code: { text: 'Heart rate' }, subject: { reference: 'Patient/a' },
            encounter: { reference: 'Encounter/not-in-this-bundle' }, effectiveDateTime: '2020-02-02', valueQuantity: { value: 70, unit: '/min' },
          },
        }],
      });
      assert.equal(reply.resources, 2);
      assert.equal(reply.resources_as_facts, 2);
    },
    async '50 MB of nesting is INVALID_ARGUMENT'({ mesh }) {
      await refused(mesh.put('p-deep', Buffer.alloc(50 << 20, '[')), S.INVALID_ARGUMENT);
      await refused(mesh.put('p-deep', Buffer.from('{"resourceType":"Bundle","entry":'.repeat(1 << 20))), S.INVALID_ARGUMENT);
    },
    async 'a record over the limit is RESOURCE_EXHAUSTED'({ mesh }) {
      await refused(mesh.put('p-large', Buffer.alloc(97 << 20, ' ')), S.RESOURCE_EXHAUSTED);
    },
    async 'invalid UTF-8 is INVALID_ARGUMENT, in a record and in a question'({ mesh }) {
      const bytes = Buffer.from(JSON.stringify({ resourceType: 'Bundle', type: 'collection', entry: [patient('abc')] }));
      bytes[bytes.indexOf('abc')] = 0xff;
      await refused(mesh.put('p-utf8', bytes), S.INVALID_ARGUMENT);
      const raw = new grpc.Client(mesh.address('gateway'), grpc.credentials.createInsecure());
      const same = (x) => x;
      // AskRequest by hand: tenant (1), patient (2), question (3) = two bytes that are no UTF-8.
      const request = Buffer.concat([Buffer.from('\x0a\x04test\x12\x02p1\x1a\x02', 'latin1'), Buffer.from([0xc3, 0x28])]);
      await refused(new Promise((resolve, reject) => {
        const call = raw.makeServerStreamRequest('/consilium.v1.Gateway/Ask', same, same, request, new grpc.Metadata(), { deadline: Date.now() + 5000 });
        call.on('data', () => {});
        call.on('error', reject);
        call.on('end', resolve);
      }), S.INVALID_ARGUMENT);
      raw.close();
    },
    async 'a question of one megabyte, or of nothing, is INVALID_ARGUMENT'({ mesh }) {
      await refused(mesh.ask('p1', 'x'.repeat(1 << 20)), S.INVALID_ARGUMENT, /1048576 bytes, the limit is/);
      await refused(mesh.ask('p1', '  \n '), S.INVALID_ARGUMENT, /empty/);
    },
    async 'names that cannot be are INVALID_ARGUMENT, a patient who is not there NOT_FOUND'({ mesh }) {
      await refused(mesh.ask('', SAMPLE_QUESTION), S.INVALID_ARGUMENT);
      await refused(mesh.ask('p'.repeat(300), SAMPLE_QUESTION), S.INVALID_ARGUMENT);
      await refused(mesh.ask('p1', SAMPLE_QUESTION, { tenant: 'a/b' }), S.INVALID_ARGUMENT);
      await refused(mesh.ask('nobody', SAMPLE_QUESTION), S.NOT_FOUND);
    },
    async 'an answer longer than the model\'s context is INVALID_ARGUMENT'({ mesh }) {
      await refused(mesh.ask('p1', SAMPLE_QUESTION, { tokens_max: 1000000 }), S.INVALID_ARGUMENT, /context/);
    },
    async 'a deadline in the past is DEADLINE_EXCEEDED'({ mesh }) {
      await refused(mesh.ask('p1', SAMPLE_QUESTION, { seconds: -1 }), S.DEADLINE_EXCEEDED);
    },
    async 'a model file cut anywhere is refused with a sentence and exit status 1'({ mesh }) {
      const whole = fs.readFileSync(process.env.MESH_MODEL || path.join(ROOT, 'models/consilium-demo.gguf'));
      for (const size of [0, 3, 24, 1000, Math.floor(whole.length / 2), whole.length - 1]) {
        const file = path.join(mesh.folder, 'cut.gguf');
        fs.writeFileSync(file, whole.subarray(0, size));
        for (const service of ['tokenizer', 'inference']) {
          const result = await mesh.exec(path.join(mesh.bin, service), [`--model=${file}`, '--listen=127.0.0.1:0']);
          assert.equal(result.status, 1, `${service} with ${size} bytes: ${result.stderr}`);
          assert.match(result.stderr, /cut\.gguf/);
        }
      }
    },
    async 'after all that the mesh answers as before'({ mesh }) {
      assert.ok((await mesh.ask('p1', SAMPLE_QUESTION)).done);
    },
  },
};
