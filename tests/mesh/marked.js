// The sample patient under identifiers that are marked, so that they can be looked for where none may be.
'use strict';
const { sample } = require('./mesh');

// Identifiers that occur nowhere by chance, and in no list of names.
const MARKS = {
  family: 'Quorvexton', given: 'Brimhilda', relative: 'Ozwaldric', street: '4711 Wexlorian Lane', city: 'Zanthorpe',
  phone: '617-555-8241', email: 'brimhilda@zanthmail.example', mrn: 'MRN-7712093456', ssn: '219-09-8761', birth: '1961-07-23',
  birthInNote: '07/23/1961', doctor: 'Ulfgarrick', ward: 'QX-4471-Z',
};

// The sample patient under marked identifiers, in structure, narrative, a base64 note, and typed where codes belong.
function markedRecord() {
  const bundle = JSON.parse(sample());
  const patient = bundle.entry.map((e) => e.resource).find((r) => r.resourceType === 'Patient');
  Object.assign(patient, {
    name: [{ use: 'official', family: MARKS.family, given: [MARKS.given] }],
    address: [{ line: [MARKS.street], city: MARKS.city, state: 'MA', postalCode: '02139' }],
    telecom: [{ system: 'phone', value: MARKS.phone }, { system: 'email', value: MARKS.email }],
    identifier: [
      { type: { coding: [{ code: 'MR' }] }, system: 'urn:hospital', value: MARKS.mrn },
      { system: 'http://hl7.org/fhir/sid/us-ssn', value: MARKS.ssn },
    ],
    birthDate: MARKS.birth,
    contact: [{ relationship: [{ text: 'son' }], name: { family: MARKS.family, given: [MARKS.relative] } }],
    text: { status: 'generated', div: `<div xmlns="http://www.w3.org/1999/xhtml">${MARKS.given} ${MARKS.family}, ${MARKS.mrn}</div>` },
  });
  const note = `Patient: ${MARKS.given} ${MARKS.family}  DOB: 07/23/1961  MRN: ${MARKS.mrn}\n`
    + `Ms. ${MARKS.family} of ${MARKS.street}, ${MARKS.city} was seen with her son ${MARKS.relative}. Call ${MARKS.phone} or ${MARKS.email}.\n`
    + `SSN ${MARKS.ssn}. BP 138/84. Continue metformin 500 mg twice daily.`;
  bundle.entry.push({
    fullUrl: 'urn:uuid:0d4bb1f5-2f0e-4a2c-9d3a-7f2f5c1f7a01',
    resource: {
      resourceType: 'DocumentReference', id: '0d4bb1f5-2f0e-4a2c-9d3a-7f2f5c1f7a01', status: 'current', date: '2023-05-04T10:00:00Z',
      type: { text: 'Progress note' }, subject: { reference: `Patient/${patient.id}` },
      content: [{ attachment: { contentType: 'text/plain', data: Buffer.from(note).toString('base64') } }],
    },
  });
  bundle.entry.push({
    resource: {
      resourceType: 'Observation', id: 'typed', status: 'final', subject: { reference: `Patient/${patient.id}` }, effectiveDateTime: '2023-05-04',
      category: [{ coding: [{ system: 'urn:ward', code: MARKS.family, display: `Seen by Dr. ${MARKS.doctor}` }], text: `Seen by Dr. ${MARKS.doctor}` }],
      code: { coding: [{ system: 'http://loinc.org', code: MARKS.ssn, display: `Weight of ${MARKS.given}` }], text: `Weight of ${MARKS.given}` },
      valueQuantity: { value: 70, unit: `kg of ${MARKS.family}` }, identifier: [{ system: 'urn:hospital', value: MARKS.ward }],
      note: [{ text: `${MARKS.given.toUpperCase()} (${MARKS.mrn.toLowerCase()}), born ${MARKS.birthInNote}, weighed by Dr. ${MARKS.doctor}.` }],
    },
  });
  return bundle;
}

module.exports = { MARKS, markedRecord };
