// A WebSocket echo server for Autobahn's fuzzing client. `node ws-origin.ts PORT`
import { WebSocketServer } from 'ws';

const server = new WebSocketServer({
  host: '127.0.0.1',
  port: Number(process.argv[2]),
  perMessageDeflate: false,
  maxPayload: 1 << 28,
});
server.on('listening', () => process.stdout.write('listening\n'));
server.on('connection', (client) => {
  client.on('error', () => {
    // The fuzzing client breaks the protocol on purpose; ws closes the connection as it should.
  });
  client.on('message', (data, isBinary) => client.send(data, { binary: isBinary }));
});
