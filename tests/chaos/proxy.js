// A TCP proxy that can make a connection slow, stuck, broken or wrong, and looks at what passes.
'use strict';
const crypto = require('node:crypto');
const net = require('node:net');

const OVERLAP = 256; // bytes of a chunk that are looked at again with the next

class Proxy {
  // @look is called with what the client sends, as latin1.
  static async open(name, targetPort, look = () => {}) {
    const proxy = new Proxy();
    Object.assign(proxy, { name, targetPort, look, pairs: new Set(), mode: 'pass', delayMs: 0 });
    proxy.server = net.createServer({ pauseOnConnect: true }, (client) => proxy.accept(client));
    await new Promise((resolve) => proxy.server.listen(0, '127.0.0.1', resolve));
    proxy.port = proxy.server.address().port;
    return proxy;
  }

  get address() { return `127.0.0.1:${this.port}`; }

  accept(client) {
    if (this.mode === 'refuse') {
      client.resetAndDestroy();
      return;
    }
    const server = net.connect(this.targetPort, '127.0.0.1');
    const pair = { client, server };
    this.pairs.add(pair);
    for (const socket of [client, server]) {
      socket.setNoDelay(true);
      socket.on('error', () => {});
      socket.on('close', () => {
        this.pairs.delete(pair);
        client.destroy();
        server.destroy();
      });
    }
    this.carry(client, server, true);
    this.carry(server, client, false);
  }

  // From one side to the other, in order, whatever is done to it on the way.
  carry(from, to, isRequest) {
    let tail = '';
    let last = Promise.resolve();
    from.on('data', (chunk) => {
      if (isRequest) {
        tail = tail.slice(-OVERLAP) + chunk.toString('latin1');
        this.look(tail);
      }
      from.pause();
      last = last.then(() => this.treat(chunk, isRequest)).then((bytes) => {
        if (bytes !== null && !to.destroyed) to.write(bytes);
        from.resume();
      });
    });
    from.on('end', () => last.then(() => to.end()));
    from.resume();
  }

  async treat(chunk, isRequest) {
    if (this.mode === 'delay') await new Promise((resolve) => setTimeout(resolve, this.delayMs * Math.random() * 2));
    while (this.mode === 'stall') await new Promise((resolve) => setTimeout(resolve, 20));
    return this.mode === 'garbage' && !isRequest ? crypto.randomBytes(chunk.length) : chunk;
  }

  set(mode, delayMs = 0) {
    this.mode = mode;
    this.delayMs = delayMs;
  }

  // Every connection is broken off, with RST.
  reset() {
    for (const { client, server } of this.pairs) {
      client.resetAndDestroy();
      server.resetAndDestroy();
    }
  }

  close() {
    this.set('pass');
    this.reset();
    this.server.close();
  }
}

module.exports = { Proxy };
