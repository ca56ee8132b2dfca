// See context_units.sh. Units of UCUM, single and put together, from one to another: the program context_units beside NLM's own converter.
import { execFileSync } from 'node:child_process';
import { UcumLhcUtils, UnitTables } from '@lhncbc/ucum-lhc';

const [program, count] = [process.argv[2], Number(process.argv[3] ?? 20000)];
const peer = UcumLhcUtils.getInstance();

let random = 1;
const next = (n) => { random = (Math.imul(random, 1664525) + 1013904223) >>> 0; return Math.floor(random / 2 ** 32 * n); };
const pick = (list) => list[next(list.length)];
const quietly = (work) => { try { return work(); } catch { return null; } };

// Every unit that the peer knows by name, and what is put together from them. Ours knows only what records use.
const known = [...new Set(Object.values(UnitTables.getInstance().allUnitsByDef()).map((unit) => unit.csCode_).filter(Boolean))];
const atoms = ['g', 'mg', 'ug', 'ng', 'kg', 'mol', 'mmol', 'umol', 'nmol', 'U', 'kU', 'mU', '[iU]', 'm[iU]', 'k[IU]', 'meq', 'mosm', 'm', 'cm', 'mm', 'um', 's',
  'min', 'h', 'd', 'wk', 'mo', 'a', '10*3', '10*6', '10*9', '10*-3', '%', '[ppm]', 'mm[Hg]', 'cm[H2O]', 'kPa', 'Pa', 'bar', '[in_i]', '[ft_i]', '[lb_av]', '[oz_av]',
  'Cel', 'K', '[degF]', 'J', 'kcal', '[Cal]', 'cal', 'W', 'V', 'mV', 'Hz', 'kat', 'nkat', 'Bq', 'mCi', 'Gy', 'Sv', 'deg', 'rad', '1', '[foz_us]', '[drp]', 'N', 'dyn'];
const below = ['L', 'dL', 'mL', 'uL', 'fL', 'kg', 'g', 'mg', 'm2', 'mm3', 'h', 'd', 'min', 's', 'a', 'mol', 'mmol', '{1.73_m2}', '[HPF]', '10*6', '100', '24.h', 'kg.d', '(kg.d)'];
const single = () => next(4) === 0 ? pick(known) : pick(atoms);
function put_together() {
  const note = next(6) === 0 ? '{note}' : '';
  switch (next(6)) {
    case 0: case 1: return single() + note;
    case 2: case 3: return `${single()}${note}/${pick(below)}`;
    case 4: return `${pick(atoms)}.${pick(below)}`;
    default: return `${pick(atoms)}/${pick(below)}/${pick(below)}`;
  }
}

const units = new Map();
for (let i = 0; i < 6000; i++) {
  const code = put_together();
  const unit = units.has(code) ? null : quietly(() => peer.getSpecifiedUnit(code, 'validate')?.unit);
  if (unit) units.set(code, JSON.stringify(unit.dim_?.dimVec_ ?? null));
}
// The peer takes [LPF] for 1; in UCUM's table it is 100.
for (const code of units.keys()) if (code.includes('[LPF]')) units.delete(code);
const by_dimension = new Map();
for (const [code, dimension] of units) by_dimension.set(dimension, [...(by_dimension.get(dimension) ?? []), code]);
const codes = [...units.keys()];

const cases = [];
for (let i = 0; i < count; i++) {
  const from = pick(codes), to = next(5) === 0 ? pick(codes) : pick(by_dimension.get(units.get(from)));
  const grams = next(2) === 0 ? 0 : 1 + next(900) + next(1000) / 1000;
  cases.push([(next(2000000) + 1) / 1000, from, to, grams]);
}
const ours = execFileSync(program, { input: cases.map((fields) => fields.join('\t') + '\n').join(''), maxBuffer: 1 << 28 }).toString().split('\n');

const tally = { equal: 0, neither: 0, 'ours is stricter': 0, 'unit not known to us': 0, 'only ours': 0, different: 0 };
const told = {};
const tell = (what, line) => { tally[what]++; (told[what] ??= []).push(line); };
cases.forEach(([value, from, to, grams], i) => {
  const theirs = quietly(() => peer.convertUnitTo(from, value, to, false, grams > 0 ? grams : null));
  const number = theirs?.status === 'succeeded' ? theirs.toVal : null;
  const line = `${value} ${from} → ${to} (${grams} g/mol): theirs ${number}, ours ${ours[i]}`;
  if (ours[i] === 'unknown') tell('unit not known to us', `${from}\t${to}`);
  else if (ours[i] === 'none') tell(number === null ? 'neither' : 'ours is stricter', line);
  else if (number === null) tell('only ours', line);
  else if (Math.abs(Number(ours[i]) - number) <= 1e-6 * Math.max(Math.abs(number), 1e-300) + 1e-11) tally.equal++;
  else tell('different', line);
});
console.log(`${cases.length} conversions between ${codes.length} units`);
for (const [what, n] of Object.entries(tally)) console.log(`${String(n).padStart(8)}  ${what}`);
for (const what of ['different', 'only ours', 'ours is stricter'])
  for (const line of (told[what] ?? []).slice(0, Number(process.env.CONSILIUM_GOLDEN_SHOW ?? 5))) console.log(`${what}: ${line}`);
process.exitCode = tally.different > 0 ? 1 : 0;
