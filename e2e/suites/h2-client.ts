// A plain node:http2 client for h2specd: one GET of the URL given; the connection goes to LANEKEEPER_PROXY (host:port) while
// :authority stays the URL's. Exits when the exchange is over, however it ended.
import { connect } from 'node:http2';
import { connect as connectSocket } from 'node:net';

const url = new URL(process.argv[2] ?? '');
const [address, port] = (process.env['LANEKEEPER_PROXY'] ?? url.host).split(':');
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
