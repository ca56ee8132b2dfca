// The FHIR door, by fetch and by curl.
'use strict';
const assert = require('node:assert/strict');
const { Mesh, sample } = require('../mesh/mesh');

const headers = { 'content-type': 'application/fhir+json' };
const value = (parameters, name) => {
  const found = parameters.parameter.find((p) => p.name === name);
  return found.valueInteger ?? found.valueBoolean ?? found.valueString;
};

// What R4 asks of each type.
const REQUIRED = {
  Patient: [], Condition: ['subject'], AllergyIntolerance: ['patient'], MedicationRequest: ['status', 'intent', 'medicationCodeableConcept', 'subject'],
  Observation: ['status', 'code'], Procedure: ['status', 'subject'], Immunization: ['status', 'vaccineCode', 'patient', 'occurrenceDateTime'],
  Encounter: ['status', 'class'], DiagnosticReport: ['status', 'code'], DocumentReference: ['status', 'content'],
};

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

    async 'fhir: $everything is every resource that became facts, in pages, without a name'({ fhir, put }) {
      const bundle = JSON.parse(sample());
      const { name: [{ family, given }] } = bundle.entry.map((e) => e.resource).find((r) => r.resourceType === 'Patient');
      assert.equal((await put(sample(), '?patient=all')).status, 200);
      const pages = [];
      for (let url = `${fhir}/Patient/all/$everything?_count=100`; url;) {
        const reply = await fetch(url);
        assert.equal(reply.status, 200);
        assert.match(reply.headers.get('content-type'), /^application\/fhir\+json/);
        pages.push(await reply.json());
        url = pages.at(-1).link.find((link) => link.relation === 'next')?.url;
      }
      assert.ok(pages.length >= 3);
      const resources = pages.flatMap((page) => page.entry.map((entry) => entry.resource));
      for (const resource of resources) {
        for (const member of REQUIRED[resource.resourceType]) assert.ok(resource[member], `${resource.resourceType}.${member}`);
        assert.match(resource.text.div, /^<div xmlns="http:\/\/www.w3.org\/1999\/xhtml"><p>.+<\/p><\/div>$/);
        assert.deepEqual(resource.meta.security.map((coding) => coding.code), ['REDACTED']);
      }
      const born = bundle.entry.map((entry) => entry.resource).find((r) => r.resourceType === 'Patient');
      const told = resources.find((resource) => resource.resourceType === 'Patient');
      assert.equal(told.gender, born.gender);
      assert.match(told.birthDate, /^\d{4}-\d\d-\d\d$/);
      assert.notEqual(told.birthDate, born.birthDate);
      assert.ok(!told.name && !told.address && !told.identifier);
      const count = (list, type) => list.filter((resource) => resource.resourceType === type).length;
      const given_ = bundle.entry.map((entry) => entry.resource);
      for (const type of ['Patient', 'Condition', 'MedicationRequest', 'Observation', 'Immunization', 'Encounter']) {
        assert.equal(count(resources, type), count(given_, type), type);
      }
      const text = JSON.stringify(pages);
      for (const word of [family, ...given]) assert.ok(!text.includes(word));
      assert.equal((await fetch(`${fhir}/Patient/all/%24everything`)).status, 200);
      await outcome(await fetch(`${fhir}/Patient/nobody/$everything`), 404, 'not-found');
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
