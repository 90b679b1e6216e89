// An origin of the soak test, a process of its own so that it can be killed: node origin.mjs PORT
import net from 'node:net';
import { serve } from './serve.mjs';

net.createServer({ allowHalfOpen: true }, serve).listen(Number(process.argv[2]), '127.0.0.1');
process.once('disconnect', () => process.exit());
