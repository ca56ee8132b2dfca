// The FHIR door, by fetch and by curl.
'use strict';
const assert = require('node:assert/strict');
const { Mesh, sample } = require('../mesh/mesh');

const headers = { 'content-type': 'application/fhir+json' };
const value = (parameters, name) => {
  const found = parameters.parameter.find((p) => p.name === name);
  return found.valueInteger ?? found.valueBoolean ?? found.valueString;
};

// Every page, by the next links.
async function everything(url) {
  const pages = [];
  while (url) {
    const reply = await fetch(url);
    assert.equal(reply.status, 200);
    assert.match(reply.headers.get('content-type'), /^application\/fhir\+json/);
    pages.push(await reply.json());
    url = pages.at(-1).link.find((link) => link.relation === 'next')?.url;
  }
  return pages;
}

async function outcome(reply, status, code) {
  assert.equal(reply.status, status);
  assert.match(reply.headers.get('content-type'), /^application\/fhir\+json/);
  const body = await reply.json();
  assert.equal(body.resourceType, 'OperationOutcome');
  assert.equal(body.issue[0].severity, 'error');
  assert.equal(body.issue[0].code, code);
  return body.issue[0];
}

module.exports = {
  async before(world) {
    world.mesh = await Mesh.create();
    await world.mesh.up();
    world.fhir = `${world.mesh.http}/fhir`;
    world.put = (body, query = '', method = 'POST') => fetch(`${world.fhir}/Bundle${query}`, { method, headers, body });
    world.ask = (patient) => fetch(`${world.mesh.http}/v1/chat/completions`, { method: 'POST', body: JSON.stringify({
      model: 'consilium-demo', patient, messages: [{ role: 'user', content: 'Is the patient allergic to anything?' }] }) });
  },
  async after(world) { await world.mesh?.down(); },
  tests: {
    async 'fhir: the server says what it can'({ fhir }) {
      const reply = await fetch(`${fhir}/metadata`);
      assert.equal(reply.status, 200);
      const statement = await reply.json();
      assert.equal(statement.resourceType, 'CapabilityStatement');
      assert.equal(statement.fhirVersion, '4.0.1');
    },

    async 'fhir: a bundle that is put can be asked about, and is forgotten'({ fhir, put, ask }) {
      const bundle = JSON.parse(sample());
      const reply = await put(sample());
      assert.equal(reply.status, 200);
      const parameters = await reply.json();
      assert.equal(parameters.resourceType, 'Parameters');
      assert.equal(value(parameters, 'resources'), bundle.entry.length);
      assert.equal(value(parameters, 'durable'), true);
      const { id } = bundle.entry.map((e) => e.resource).find((r) => r.resourceType === 'Patient');
      assert.equal(value(parameters, 'patient'), id);
      const answer = await (await ask(id)).json();
      assert.match(answer.choices[0].message.content, /Penicillin/);
      assert.equal((await fetch(`${fhir}/Patient/${id}`, { method: 'DELETE' })).status, 204);
      await outcome(await fetch(`${fhir}/Patient/${id}`, { method: 'DELETE' }), 404, 'not-found');
      assert.equal((await ask(id)).status, 404);
    },

    async 'fhir: a caller can say whose record it is'({ put, ask }) {
      assert.equal((await put(sample(), '?patient=ward%207%2Fbed%202', 'PUT')).status, 200);
      assert.equal((await ask('ward 7/bed 2')).status, 200);
    },

    async 'fhir: $everything is every resource as it was put, in pages, without a name'({ fhir, put }) {
      const bundle = JSON.parse(sample());
      const given = bundle.entry.map((entry) => entry.resource);
      const born = given.find((r) => r.resourceType === 'Patient');
      assert.equal((await put(sample(), '?patient=all')).status, 200);
      const pages = await everything(`${fhir}/Patient/all/$everything?_count=100`);
      assert.equal(pages.length, Math.ceil(given.length / 100));
      for (const page of pages) assert.equal(page.total, given.length);
      const resources = pages.flatMap((page) => page.entry.map((entry) => entry.resource));
      assert.deepEqual(resources.map((r) => r.resourceType), given.map((r) => r.resourceType));
      for (const [i, resource] of resources.entries()) {
        assert.deepEqual(resource.meta.security.map((coding) => coding.code), ['REDACTED']);
        assert.deepEqual(resource.code, given[i].code);
        if (given[i].resourceType === 'Observation') assert.deepEqual(resource.valueQuantity, given[i].valueQuantity);
      }
      const told = resources.find((resource) => resource.resourceType === 'Patient');
      assert.equal(told.gender, born.gender);
      assert.match(told.birthDate, /^\d{4}-\d\d-\d\d$/);
      assert.notEqual(told.birthDate, born.birthDate);
      const text = JSON.stringify(pages);
      for (const { family, given: names } of born.name) for (const word of [family, ...names]) assert.ok(!text.includes(word));
      for (const { value: number } of born.identifier ?? []) assert.ok(!text.includes(number));
      assert.equal((await fetch(`${fhir}/Patient/all/%24everything`)).status, 200);
      await outcome(await fetch(`${fhir}/Patient/all/$everything?_page=later`), 400, 'invalid');
      await outcome(await fetch(`${fhir}/Patient/nobody/$everything`), 404, 'not-found');
    },

    async 'fhir: references in $everything lead to resources in it'({ fhir, put }) {
      assert.equal((await put(sample(), '?patient=all')).status, 200);
      const entries = (await everything(`${fhir}/Patient/all/$everything`)).flatMap((page) => page.entry);
      const names = new Set(entries.flatMap(({ fullUrl, resource }) => [fullUrl, `${resource.resourceType}/${resource.id}`]));
      const subjects = entries.map(({ resource }) => (resource.subject ?? resource.patient)?.reference).filter(Boolean);
      assert.ok(subjects.length > 100);
      for (const subject of subjects) assert.ok(names.has(subject), subject);
      for (const { fullUrl } of entries) assert.match(fullUrl, /^(urn:uuid:|https?:\/\/)/);
    },

    async 'fhir: what is put later takes the place of what it is a version of, and what is deleted is gone'({ fhir, put }) {
      const observation = (id, version, value_) => ({ resource: { resourceType: 'Observation', id, meta: { versionId: version }, status: 'final',
        code: { text: 'Heart rate' }, subject: { reference: 'Patient/v' }, effectiveDateTime: '2020-01-02', valueString: value_ } });
      const send = (...entry) => put(JSON.stringify({ resourceType: 'Bundle', type: 'collection', entry }), '?patient=versions');
      const told = async () => (await everything(`${fhir}/Patient/versions/$everything`))[0].entry.map(({ resource }) => resource.valueString ?? resource.resourceType);
      const person = { resource: { resourceType: 'Patient', id: 'v', gender: 'female' } };
      const claim = { resource: { resourceType: 'Claim', id: 'c', status: 'active', patient: { reference: 'Patient/v' } } };
      assert.equal((await send(person, observation('a', '1', 'slow'), observation('b', '1', 'fast'), claim)).status, 200);
      assert.deepEqual(await told(), ['Patient', 'slow', 'fast', 'Claim']);
      assert.equal((await send(observation('a', '2', 'steady'), observation('c', '1', 'faint'))).status, 200);
      assert.deepEqual(await told(), ['Patient', 'steady', 'fast', 'Claim', 'faint']);
      assert.equal((await send(observation('a', '1', 'slow'))).status, 200);
      assert.deepEqual(await told(), ['Patient', 'steady', 'fast', 'Claim', 'faint']);
      const { fullUrl, resource } = (await everything(`${fhir}/Patient/versions/$everything`))[0].entry[2];
      assert.equal(fullUrl, `${fhir}/Observation/${resource.id}`);
      assert.equal((await send({ request: { method: 'DELETE', url: 'Observation/b' } })).status, 200);
      assert.deepEqual(await told(), ['Patient', 'steady', 'Claim', 'faint']);
      assert.equal((await fetch(`${fhir}/Patient/versions`, { method: 'DELETE' })).status, 204);
      await outcome(await fetch(`${fhir}/Patient/versions/$everything`), 404, 'not-found');
      assert.equal((await send(person)).status, 200);
      assert.deepEqual(await told(), ['Patient']);
    },

    async 'fhir: originals come back to who asks for them and may see them'({ fhir, put }) {
      const given = JSON.parse(sample()).entry.map((entry) => entry.resource);
      assert.equal((await put(sample(), '?patient=mine')).status, 200);
      const pages = await everything(`${fhir}/Patient/mine/$everything?restore=true&_count=150`);
      assert.deepEqual(pages.flatMap((page) => page.entry.map((entry) => entry.resource)), given);
      assert.match(pages[0].link[1].url, /restore=true/);
    },

    async 'fhir: what is wrong is an OperationOutcome that says nothing of the text'({ fhir, put }) {
      await outcome(await put('{"resourceType":"Bundle","entry":[Smithers'), 400, 'invalid');
      await outcome(await put('{"resourceType":"Patient","id":"Smithers"}'), 400, 'invalid');
      await outcome(await put('{"resourceType":"Bundle","entry":[]}'), 400, 'invalid');
      await outcome(await put('{"resourceType":"Bundle","entry":[]}', '?patient=new'), 400, 'invalid');
      await outcome(await fetch(`${fhir}/Bundle`, { method: 'POST', headers: { 'content-type': 'application/fhir+xml' }, body: '<Bundle/>' }), 415, 'invalid');
      await outcome(await fetch(`${fhir}/Bundle`), 405, 'invalid');
      await outcome(await fetch(`${fhir}/Observation/1`), 404, 'not-found');
      const issue = await outcome(await put('{"resourceType":"Bundle","entry":[Smithers'), 400, 'invalid');
      assert.doesNotMatch(JSON.stringify(issue), /Smithers/);
    },
  },
};
