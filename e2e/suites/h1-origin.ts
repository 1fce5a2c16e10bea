// A plain node:http server: the application behind a gateway that takes HTTP/2 from its clients. `node h1-origin.ts PORT`
import { createServer } from 'node:http';

const server = createServer((request, response) => {
  request.resume();
  response.writeHead(200, { 'content-type': 'text/plain' });
  response.end('fine\n');
});
server.listen(Number(process.argv[2]), '127.0.0.1', () => process.stdout.write('listening\n'));
