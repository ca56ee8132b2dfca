// The console: a patient's record, a question, its answer as it streams, and the facts that it rests on. Talks to the gateway's HTTP API alone.
import { drawLanes, drawMeasurements } from './timeline.js';
import { follow } from './events.js';

const $ = (id) => document.getElementById(id);
const make = (tag, { text, ...attributes } = {}, ...children) => {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  if (text !== undefined) element.textContent = text;
  element.append(...children);
  return element;
};

let patient = '';
let model = '';
let asking = null; // an AbortController while an answer streams

// The key stays in this tab and goes nowhere but to the gateway.
const headers = () => (sessionStorage.getItem('key') ? { authorization: `Bearer ${sessionStorage.getItem('key')}` } : {});

async function api(path, options = {}) {
  const reply = await fetch(path, { ...options, headers: { ...options.headers, ...headers() } });
  if (reply.ok) return reply;
  if (reply.status === 401) {
    $('key-form').hidden = false;
    $('key').focus();
  }
  let why = `${reply.status} ${reply.statusText}`;
  try {
    const body = await reply.json();
    why = body.error?.message ?? body.issue?.[0]?.diagnostics ?? why;
  } catch { /* no JSON: the status has to do */ }
  throw new Error(why);
}

async function connect() {
  try {
    const { data: [first] } = await (await api('../v1/models')).json();
    model = first.id;
    $('model').textContent = `answers by ${first.id}, ${first.consilium.digest.slice(0, 12)}`;
    $('key-form').hidden = true;
  } catch (error) {
    $('model').textContent = error.message;
  }
}

// ---- the record

async function timeline(keepSurrogates) {
  const facts = [];
  for (let token = ''; ;) {
    const query = new URLSearchParams({ page_size: '2000', page_token: token, ...(keepSurrogates ? { keep_surrogates: 'true' } : {}) });
    const page = await (await api(`../v1/patients/${encodeURIComponent(patient)}/timeline?${query}`)).json();
    facts.push(...page.facts);
    token = page.next_page_token;
    if (!token) return facts;
  }
}

function fillList(facts) {
  $('list').tBodies[0].replaceChildren(...facts.map((fact) => make('tr', { 'data-reference': fact.reference },
    make('td', { text: fact.date }), make('td', { text: fact.kind.replace('_', ' ') }),
    make('td', fact.flag === 'none' ? { text: `${fact.label} ${fact.value}` } : { text: `${fact.label} ${fact.value} (${fact.flag})`, class: 'flagged' }))));
}

// Words that differ are what was replaced.
function marked(text, other) {
  const theirs = new Set(other.split(/\s+/));
  return text.split(/(\s+)/).map((word) => (word.trim() && !theirs.has(word) ? make('mark', { text: word }) : word));
}

async function fillRedaction(mine) {
  const models = await timeline(true);
  const rows = mine.map((fact, i) => [fact.text || `${fact.date} ${fact.label} ${fact.value}`, models[i]
    ? models[i].text || `${models[i].date} ${models[i].label} ${models[i].value}` : '']);
  const shown = rows.filter(([a, b]) => a !== b).slice(0, 400);
  $('redaction').tBodies[0].replaceChildren(...(shown.length ? shown : rows.slice(0, 50)).map(([a, b]) => make('tr', {},
    make('td', {}, ...marked(a, b)), make('td', {}, ...marked(b, a)))));
}

async function openPatient(id) {
  patient = id;
  $('patient-says').textContent = 'reading the record …';
  try {
    const facts = await timeline(false);
    $('patient-says').textContent = `${facts.length} facts`;
    fillList(facts);
    drawLanes($('problems'), facts.filter((f) => f.kind === 'condition'), facts);
    drawLanes($('medications'), facts.filter((f) => f.kind === 'medication'), facts);
    drawMeasurements($('labs'), facts.filter((f) => f.kind === 'observation'));
    $('ask').hidden = $('record').hidden = false;
    $('question').focus();
    await fillRedaction(facts);
  } catch (error) {
    $('patient-says').textContent = error.message;
  }
}

async function upload(file) {
  const id = $('patient').value.trim() || file.name.replace(/\.json$/, '');
  $('patient-says').textContent = `sending ${file.name} …`;
  try {
    await api('../fhir/Bundle', { method: 'POST', body: file,
      headers: { 'content-type': 'application/fhir+json', 'x-consilium-patient': id } });
    $('patient').value = id;
    await openPatient(id);
  } catch (error) {
    $('patient-says').textContent = error.message;
  }
}

// ---- the question

function light(reference, on) {
  for (const element of document.querySelectorAll(`[data-reference="${CSS.escape(reference)}"]`)) {
    element.classList.toggle('is-lit', on);
    if (on && element.closest('#facts')) element.scrollIntoView({ block: 'nearest' });
  }
}

function citation({ fact_id: id, known, reference }) {
  const button = make('button', { type: 'button', class: known ? 'cite' : 'cite unknown', text: `${id}`,
    'aria-label': known ? `fact ${id}` : `${id}, which is no fact of the record` });
  if (!known) return button;
  for (const event of ['mouseenter', 'focus']) button.addEventListener(event, () => light(reference, true));
  for (const event of ['mouseleave', 'blur']) button.addEventListener(event, () => light(reference, false));
  button.addEventListener('click', () => { $('facts-box').open = true; light(reference, true); });
  return button;
}

// Citations say where they stand by bytes of the answer so far.
function showAnswer(text, citations) {
  const bytes = new TextEncoder().encode(text);
  const decode = (from, to) => new TextDecoder().decode(bytes.subarray(from, to));
  const parts = [];
  let at = 0;
  for (const one of citations) {
    parts.push(decode(at, one.start), citation(one));
    at = one.end;
  }
  $('answer').replaceChildren(...parts, decode(at));
}

function showFacts(facts) {
  $('facts').replaceChildren(...facts.map((fact) => make('li', { value: fact.id, 'data-reference': fact.reference, text: fact.text })));
  $('facts-box').hidden = false;
}

function showTimings(timings) {
  const end = Math.max(...timings.map((t) => t.start_us + t.duration_us), 1);
  $('timings').tBodies[0].replaceChildren(...timings.map((t) => {
    const bar = make('span');
    bar.style.left = `${(100 * t.start_us) / end}%`;
    bar.style.width = `${(100 * t.duration_us) / end}%`;
    return make('tr', {}, make('td', { text: t.step }), make('td', { text: t.service }),
      make('td', { text: (t.duration_us / 1000).toFixed(1) }), make('td', {}, make('div', { class: 'when' }, bar)));
  }));
  $('timings-box').hidden = false;
}

async function ask(question) {
  let text = '';
  const citations = [];
  asking = new AbortController();
  $('ask-button').disabled = true;
  $('stop-button').hidden = false;
  $('answer').setAttribute('aria-busy', 'true');
  $('ask-says').textContent = '';
  showAnswer('', []);
  try {
    const reply = await api('../v1/chat/completions', { method: 'POST', signal: asking.signal, headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model, patient, stream: true, messages: [{ role: 'user', content: question }] }) });
    for await (const chunk of follow(reply.body)) {
      if (chunk.error) throw new Error(chunk.error.message);
      text += chunk.choices?.[0]?.delta?.content ?? '';
      const { facts, citations: more, timings } = chunk.consilium ?? {};
      if (facts) showFacts(facts);
      if (more) citations.push(...more);
      if (timings) showTimings(timings);
      showAnswer(text, citations);
    }
  } catch (error) {
    $('ask-says').textContent = error.name === 'AbortError' ? 'stopped' : error.message;
  } finally {
    asking = null;
    $('ask-button').disabled = false;
    $('stop-button').hidden = true;
    $('answer').setAttribute('aria-busy', 'false');
  }
}

// ---- tabs, as the ARIA practices have them: arrows move, the chosen one alone is in the tab order

function choose(tab) {
  for (const one of $('tabs').children) {
    const isIt = one === tab;
    one.setAttribute('aria-selected', String(isIt));
    one.tabIndex = isIt ? 0 : -1;
    $(one.getAttribute('aria-controls')).hidden = !isIt;
  }
}

$('tabs').addEventListener('click', (event) => { if (event.target.role === 'tab') choose(event.target); });
$('tabs').addEventListener('keydown', (event) => {
  const tabs = [...$('tabs').children];
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!step) return;
  const next = tabs[(tabs.indexOf(event.target) + step + tabs.length) % tabs.length];
  choose(next);
  next.focus();
});

$('filter').addEventListener('input', () => {
  const wanted = $('filter').value.toLowerCase();
  for (const row of $('list').tBodies[0].rows) row.hidden = !row.textContent.toLowerCase().includes(wanted);
});
$('key-form').addEventListener('submit', (event) => {
  event.preventDefault();
  sessionStorage.setItem('key', $('key').value.trim());
  $('key').value = '';
  connect();
});
$('patient-form').addEventListener('submit', (event) => { event.preventDefault(); openPatient($('patient').value.trim()); });
$('upload').addEventListener('change', () => { if ($('upload').files.length) upload($('upload').files[0]); });
$('ask-form').addEventListener('submit', (event) => { event.preventDefault(); if (!asking) ask($('question').value.trim()); });
$('question').addEventListener('keydown', (event) => {
  if (event.key === 'Enter' && !event.shiftKey) { event.preventDefault(); $('ask-form').requestSubmit(); }
});
$('stop-button').addEventListener('click', () => asking?.abort());
connect();
