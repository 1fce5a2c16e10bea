// A plain node:http2 client for h2specd: one GET of the URL given; with LANEKEEPER_PROXY=host:port the connection goes to that
// address while :authority stays the URL's. Exits when the exchange is over, however it ended.
import { connect } from 'node:http2';
import { connect as connectSocket } from 'node:net';

const url = new URL(process.argv[2] ?? '');
const proxy = process.env['LANEKEEPER_PROXY'];
const [address, port] = proxy === undefined ? [url.hostname, url.port] : proxy.split(':');
const session = connect(url.origin, {
  createConnection: () => connectSocket(Number(port), address),
});
const stream = session.request({ ':path': url.pathname });
const done = (): void => session.destroy();
session.on('error', done);
stream.on('error', done);
stream.on('close', done);
stream.resume();
stream.end();
setTimeout(done, 3_000).unref();
