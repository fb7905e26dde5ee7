/**
 * Clients that request a lot and read nothing. They run in a container, because Docker's proxy would buffer megabytes
 * for a client on the host.
 */
import { connect } from 'node:net';

const [host = '', streams = '0', readers = '0', readersPerSecond = '0'] = process.argv.slice(2);
const answer = await fetch('http://aws:4566/large-orders');
const orderIds = /** @type {string[]} */ (await answer.json());

/** @param {string} path */
function ask(path) {
  const socket = connect({ host, port: 3000 }).pause();
  socket.on('error', () => undefined);
  socket.on('connect', () => socket.write(`GET ${path} HTTP/1.1\r\nHost: ${host}:3000\r\n\r\n`));
}

const askForList = () => {
  ask('/api/orders?limit=100');
};
for (let index = 0; index < Number(streams); index++) {
  ask(index % 2 === 0 ? '/api/system/events' : `/api/orders/${orderIds[index % orderIds.length] ?? ''}/events`);
}
for (let index = 0; index < Number(readers); index++) askForList();
setInterval(askForList, 1_000 / Number(readersPerSecond));
process.stdout.write('asked\n');
