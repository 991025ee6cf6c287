/** The floor: Node's HTTP server, which reads what it is sent and answers a constant. VASE_PORT: its port. */
import { createServer } from 'node:http';

const constant = Buffer.alloc(128, 'v');
createServer((request, response) => {
  request.resume();
  request.on('end', () => {
    response.writeHead(200, ['content-type', 'application/octet-stream', 'content-length', '128']);
    response.end(constant);
  });
}).listen(Number(process.env['VASE_PORT']), '127.0.0.1');
