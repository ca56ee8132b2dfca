// Callers who ask, put and forget all the while, and write down what the mesh has promised them.
'use strict';
const { grpc } = require('../mesh/mesh');
const { MARKS, markedRecord } = require('../mesh/marked');

const QUESTION = `What was the last hemoglobin A1c of ${MARKS.given} ${MARKS.family}, ${MARKS.mrn}?`;

const DEADLINE_S = 5;
const GRACE_MS = 2500; // of the machine that runs both sides, not of the mesh
const ALLOWED = ['OK', 'UNAVAILABLE', 'DEADLINE_EXCEEDED', 'CANCELLED', 'INTERNAL', 'RESOURCE_EXHAUSTED', 'ABORTED'].map((name) => grpc.status[name]);

class Load {
  constructor(mesh, random) {
    Object.assign(this, { mesh, random, promised: new Map(), forgotten: new Set(), broken: [], outcomes: {}, next: 0, isOver: false, slowestMs: 0, silentMs: 0, answeredAt: Date.now() });
    this.bundle = Buffer.from(JSON.stringify(markedRecord()));
  }

  // One call: how it ended is counted, that it ended in time and as it may is checked.
  async call(kind, promise) {
    const began = Date.now();
    let code = grpc.status.OK;
    let reply = null;
    let details = '';
    try {
      reply = await promise;
    } catch (error) {
      if (error.code === undefined) throw error;
      code = error.code;
      details = error.details;
    }
    const ms = Date.now() - began;
    const key = `${kind} ${Object.keys(grpc.status).find((name) => grpc.status[name] === code)}`;
    this.outcomes[key] = (this.outcomes[key] ?? 0) + 1;
    this.slowestMs = Math.max(this.slowestMs, ms);
    if (ms > DEADLINE_S * 1000 + GRACE_MS) this.broken.push(`${key} after ${ms} ms`);
    if (!ALLOWED.includes(code) && !(kind === 'ask' && code === grpc.status.NOT_FOUND)) this.broken.push(`${key}: ${details}`);
    return reply;
  }

  async put() {
    const patient = `chaos-${this.next++}`;
    const reply = await this.call('put', this.mesh.put(patient, this.bundle, DEADLINE_S));
    if (reply?.durable) this.promised.set(patient, reply.facts);
  }

  async forget() {
    const patient = [...this.promised.keys()][0];
    this.promised.delete(patient); // one that does not end well may have been done: nothing is promised of this patient any more
    const reply = await this.call('forget', this.mesh.call(this.mesh.gateway, 'Forget', { tenant: 'test', patient }, DEADLINE_S));
    if (reply) this.forgotten.add(patient);
  }

  async ask() {
    const patients = [...this.promised.keys()];
    const patient = patients[Math.floor(this.random() * patients.length)];
    const answer = await this.call('ask', this.mesh.ask(patient, QUESTION, { seconds: DEADLINE_S }));
    if (answer) this.heard();
    if (answer && !answer.done) this.broken.push('an answer that ended well has no end');
    if (answer && answer.citations.some((citation) => citation.known === false)) this.broken.push('a citation of no fact');
  }

  // How long nobody was answered, at most.
  heard() {
    this.silentMs = Math.max(this.silentMs, Date.now() - this.answeredAt);
    this.answeredAt = Date.now();
  }

  async one() {
    const chance = this.random();
    if (this.promised.size < 4 || (chance < 0.15 && this.promised.size < 200)) return this.put();
    if (chance < 0.2 && this.promised.size > 8) return this.forget();
    return this.ask();
  }

  start(callers) {
    this.answeredAt = Date.now();
    this.callers = Array.from({ length: callers }, async () => {
      while (!this.isOver) {
        await this.one();
        await new Promise((resolve) => setTimeout(resolve, 20 + 60 * this.random()));
      }
    });
  }

  async stop() {
    this.isOver = true;
    await Promise.all(this.callers);
    this.silentMs = Math.max(this.silentMs, Date.now() - this.answeredAt);
  }

  // Those whose record is not what was promised, and those that were forgotten and are there.
  async lost() {
    const lost = [];
    for (const [patient, facts] of this.promised) {
      const timeline = await this.mesh.call(this.mesh.gateway, 'GetTimeline', { tenant: 'test', patient, page_size: 5000 }).catch((error) => error);
      if (timeline.facts?.length !== facts) lost.push(`${patient}: ${timeline.facts?.length ?? timeline.message} of ${facts} facts`);
    }
    for (const patient of this.forgotten) {
      const timeline = await this.mesh.call(this.mesh.gateway, 'GetTimeline', { tenant: 'test', patient, page_size: 1 }).catch((error) => error);
      if (timeline.code !== grpc.status.NOT_FOUND) lost.push(`${patient}: forgotten, and there`);
    }
    return lost;
  }
}

module.exports = { Load, DEADLINE_S };
