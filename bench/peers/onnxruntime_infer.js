// Forward passes in ONNX Runtime: onnxruntime_infer.js MODEL.onnx IMAGES CHANNELS HEIGHT WIDTH
// The protocol is that of bench/sides.py; with no lines on standard input it has done one pass and ends.
'use strict';
const fs = require('fs');
const readline = require('readline');
const { performance } = require('perf_hooks');
const ort = require('onnxruntime-node');

async function main() {
  const [model, images, ...shape] = process.argv.slice(2);
  const threads = Number(process.env.OMP_NUM_THREADS);
  const bytes = fs.readFileSync(images);
  const floats = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
  const image = shape.map(Number);
  const batch = floats.length / image.reduce((a, b) => a * b);
  const session = await ort.InferenceSession.create(model, {
    executionProviders: ['cpu'], intraOpNumThreads: threads, interOpNumThreads: 1, graphOptimizationLevel: 'all',
  });
  const feeds = { images: new ort.Tensor('float32', floats, [batch, ...image]) };
  const { probabilities } = await session.run(feeds);
  console.log(JSON.stringify({ threads, first: probabilities.data[0] }));
  for await (const line of readline.createInterface({ input: process.stdin })) {
    for (let i = 0; i < Number(line); i++) {
      const begin = performance.now();
      await session.run(feeds);
      console.log((performance.now() - begin).toFixed(4));
    }
  }
}

main().catch((error) => { console.error(error.message); process.exit(1); });
