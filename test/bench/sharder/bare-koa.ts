/** The ceiling: a bare Koa server that answers a constant. VASE_PORT: its port. */
import Koa from 'koa';

const constant = Buffer.alloc(128, 'v');
const app = new Koa();
app.use((context) => {
  context.body = constant;
});
app.listen(Number(process.env['VASE_PORT']), '127.0.0.1');
