// Validate synthpop's bundles with a FHIR R4 validator that is not ours (npm: fhir), properties that R4 does not know being errors.
//
//   npm install && node validate.js DIR       DIR holds what synthpop --out wrote, or single bundles
//
// Exit status 1 when a bundle has an error. Codes outside of the example value sets that the package carries are only warned about by it, and not counted here.
const fs = require('fs')
const path = require('path')
const { Fhir } = require('fhir')

const fhir = new Fhir()

function errorsOf (bundle) {
  return fhir.validate(bundle, { errorOnUnexpected: true }).messages.filter(m => m.severity === 'error' || m.severity === 'fatal')
}

// A validator that finds nothing wrong anywhere proves nothing.
function assertItSeesErrors (bundle) {
  for (const spoil of [r => delete r.status, r => { r.colour = 'red' }, r => { r.status = 'perhaps' }]) {
    const copy = structuredClone(bundle)
    spoil(copy.entry.find(e => e.resource.resourceType === 'Observation').resource)
    if (errorsOf(copy).length === 0) throw new Error('the validator passes a spoilt bundle')
  }
}

const folder = process.argv[2]
let bundles = 0
let failed = 0
for (const name of fs.readdirSync(folder).filter(n => n.endsWith('.json'))) {
  const bundle = JSON.parse(fs.readFileSync(path.join(folder, name)))
  if (bundles++ === 0) assertItSeesErrors(bundle)
  const errors = errorsOf(bundle)
  if (errors.length > 0) {
    failed++
    console.log(name, errors.length, 'errors, first:', errors[0].location, errors[0].message)
  }
}
console.log(`${bundles} bundles, ${failed} with errors`)
process.exit(failed > 0 || bundles === 0 ? 1 : 0)
