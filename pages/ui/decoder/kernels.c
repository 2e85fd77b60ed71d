/*
 * The arithmetic of a decoder program with WebAssembly SIMD; simd_kernels.js calls it. Plain JavaScript
 * with the same results is plain_kernels.js.
 *
 * Build (clang 14 or later, with lld), in this folder:
 *   clang --target=wasm32 -O3 -msimd128 -mbulk-memory -nostdlib -ffp-contract=off -Wl,--no-entry -Wl,-z,stack-size=4096
 *     -Wl,--export=__heap_base -Wl,--import-memory -Wl,--strip-all -o kernels.wasm kernels.c
 *
 * Sizes and distances are counted in float32 numbers. All blocks start at multiples of 16 bytes.
 */
#include <wasm_simd128.h>

#define EXPORT(name) __attribute__((export_name(#name))) void name
#define INLINE static inline __attribute__((always_inline))
typedef v128_t vector;

INLINE vector add_product(vector sum, vector a, vector b) { return wasm_f32x4_add(sum, wasm_f32x4_mul(a, b)); }

INLINE void store(float *y, vector v, int lanes) {
  if (lanes >= 4) { wasm_v128_store(y, v); return; }
  y[0] = wasm_f32x4_extract_lane(v, 0);
  if (lanes > 1) y[1] = wasm_f32x4_extract_lane(v, 1);
  if (lanes > 2) y[2] = wasm_f32x4_extract_lane(v, 2);
}

/* Where a convolution reads and writes; see `convolution`. */
typedef struct { int x_right, y_right, height, run, x_row; } window;

/* `vectors` x 4 channels of four neighbouring output pixels: every weight that is loaded serves four pixels. */
INLINE void four_pixels(const float *x, const float *w, const float *b, float *y, window at, int vectors, int channels) {
  vector sum[4][2];
  for (int p = 0; p < 4; p++)
    for (int v = 0; v < vectors; v++) sum[p][v] = wasm_v128_load(b + 4 * v);
  for (int row = 0; row < at.height; row++, x += at.x_row)
    for (int i = 0; i < at.run; i++, w += 4 * vectors) {
      vector k[2];
      for (int v = 0; v < vectors; v++) k[v] = wasm_v128_load(w + 4 * v);
#pragma unroll
      for (int p = 0; p < 4; p++) {
        vector one = wasm_v128_load32_splat(x + p * at.x_right + i);
        for (int v = 0; v < vectors; v++) sum[p][v] = add_product(sum[p][v], one, k[v]);
      }
    }
  for (int p = 0; p < 4; p++)
    for (int v = 0; v < vectors; v++) store(y + p * at.y_right + 4 * v, sum[p][v], channels - 4 * v);
}

/* The same for one pixel, as in a linear layer: four sums per vector, so that no addition waits for the one before. */
INLINE void one_pixel(const float *x, const float *w, const float *b, float *y, window at, int vectors, int channels) {
  vector sum[4][2];
  for (int v = 0; v < vectors; v++) {
    sum[0][v] = wasm_v128_load(b + 4 * v);
    sum[1][v] = sum[2][v] = sum[3][v] = wasm_f32x4_splat(0);
  }
  for (int row = 0; row < at.height; row++, x += at.x_row) {
    int i = 0;
    for (; i + 3 < at.run; i += 4, w += 16 * vectors) {
#pragma unroll
      for (int u = 0; u < 4; u++) {
        vector one = wasm_v128_load32_splat(x + i + u);
        for (int v = 0; v < vectors; v++) sum[u][v] = add_product(sum[u][v], one, wasm_v128_load(w + 4 * (u * vectors + v)));
      }
    }
    for (; i < at.run; i++, w += 4 * vectors)
      for (int v = 0; v < vectors; v++)
        sum[0][v] = add_product(sum[0][v], wasm_v128_load32_splat(x + i), wasm_v128_load(w + 4 * v));
  }
  for (int v = 0; v < vectors; v++)
    store(y + 4 * v, wasm_f32x4_add(wasm_f32x4_add(sum[0][v], sum[1][v]), wasm_f32x4_add(sum[2][v], sum[3][v])), channels - 4 * v);
}

INLINE void panel(const float *x, const float *w, const float *b, float *y, int rows, int columns, int x_down, int y_down,
                  window at, int vectors, int channels) {
  for (int row = 0; row < rows; row++) {
    const float *in = x + row * x_down;
    float *out = y + row * y_down;
    int column = 0;
    for (; column + 3 < columns; column += 4, in += 4 * at.x_right, out += 4 * at.y_right)
      four_pixels(in, w, b, out, at, vectors, channels);
    for (; column < columns; column++, in += at.x_right, out += at.y_right) one_pixel(in, w, b, out, at, vectors, channels);
  }
}

/*
 * For rows x columns output pixels: y = W window + b. The window of a pixel is `height` runs of `run` numbers, `x_row`
 * apart, from x + row * x_down + column * x_right; its `channels` results go to y + row * y_down + column * y_right.
 * W is stored in panels of 8 channels, [window][8], and at the end one of 4 for what is left of 4 or fewer; b is as long.
 */
EXPORT(convolution)(const float *x, const float *w, const float *b, float *y, int rows, int columns, int x_down, int x_right,
                    int y_down, int y_right, int height, int run, int x_row, int channels) {
  window at = {x_right, y_right, height, run, x_row};
  for (int c = 0; c < channels; c += 8, w += height * run * 8) {
    if (channels - c > 4) panel(x, w, b + c, y + c, rows, columns, x_down, y_down, at, 2, channels - c);
    else panel(x, w, b + c, y + c, rows, columns, x_down, y_down, at, 1, channels - c);
  }
}

/* `rows` rows of `count` numbers each. */
EXPORT(copy_rows)(const float *x, float *y, int rows, int count, int x_row, int y_row) {
  for (int row = 0; row < rows; row++, x += x_row, y += y_row) __builtin_memcpy(y, x, count * sizeof(float));
}

/* e^v as 2^n e^f with |f| <= ln 2 / 2, e^f by the polynomial of degree 6 of the Cephes library (expf): 2 units in the last place. */
INLINE vector exponential(vector v) {
  v = wasm_f32x4_max(wasm_f32x4_min(v, wasm_f32x4_splat(88.0f)), wasm_f32x4_splat(-87.0f));
  vector n = wasm_f32x4_nearest(wasm_f32x4_mul(v, wasm_f32x4_splat(1.44269504088896341f)));
  vector f = wasm_f32x4_sub(v, wasm_f32x4_mul(n, wasm_f32x4_splat(0.693359375f)));
  f = wasm_f32x4_add(f, wasm_f32x4_mul(n, wasm_f32x4_splat(2.12194440e-4f)));
  vector p = wasm_f32x4_splat(1.9875691500e-4f);
  p = add_product(wasm_f32x4_splat(1.3981999507e-3f), p, f);
  p = add_product(wasm_f32x4_splat(8.3334519073e-3f), p, f);
  p = add_product(wasm_f32x4_splat(4.1665795894e-2f), p, f);
  p = add_product(wasm_f32x4_splat(1.6666665459e-1f), p, f);
  p = add_product(wasm_f32x4_splat(5.0000001201e-1f), p, f);
  p = wasm_f32x4_add(add_product(f, wasm_f32x4_mul(f, f), p), wasm_f32x4_splat(1.0f));
  vector power = wasm_i32x4_shl(wasm_i32x4_add(wasm_i32x4_trunc_sat_f32x4(n), wasm_i32x4_splat(127)), 23);
  return wasm_f32x4_mul(p, power);
}

/* 1 + e^-v */
INLINE vector one_plus(vector v) { return wasm_f32x4_add(wasm_f32x4_splat(1.0f), exponential(wasm_f32x4_neg(v))); }

/* Elementwise layers; blocks are a multiple of four numbers long, so the last vector may go beyond `count`. */
#define ELEMENTWISE(name, value)                                      \
  EXPORT(name)(const float *x, float *y, int count) {                 \
    for (int i = 0; i < count; i += 4) {                              \
      vector v = wasm_v128_load(x + i);                               \
      wasm_v128_store(y + i, value);                                  \
    }                                                                 \
  }
ELEMENTWISE(relu, wasm_f32x4_max(v, wasm_f32x4_splat(0.0f)))
ELEMENTWISE(sigmoid, wasm_f32x4_div(wasm_f32x4_splat(1.0f), one_plus(v)))
ELEMENTWISE(silu, wasm_f32x4_div(v, one_plus(v)))

EXPORT(add)(const float *x, const float *f, float *y, int count) {
  for (int i = 0; i < count; i += 4) wasm_v128_store(y + i, wasm_f32x4_add(wasm_v128_load(x + i), wasm_v128_load(f + i)));
}

/* The mean of each group of neighbouring channels from sums per channel, written back to every channel. */
INLINE void group_means(float *sums, int pixels, int channels, int groups) {
  int width = channels / groups;
  for (int c = 0; c < channels; c += width) {
    float sum = 0;
    for (int i = c; i < c + width; i++) sum += sums[i];
    for (int i = c; i < c + width; i++) sums[i] = sum / ((float)pixels * width);
  }
}

/*
 * Group normalisation of pixels x channels numbers: per group of channels mean 0 and variance 1, then weight and bias per
 * channel. `mean` and `scale` have room for `channels` numbers each.
 */
EXPORT(group_norm)(const float *restrict x, const float *restrict weight, const float *restrict bias, float *restrict y,
                   float *restrict mean, float *restrict scale, int pixels, int channels, int groups, float eps) {
  for (int c = 0; c < channels; c++) mean[c] = scale[c] = 0;
  for (const float *in = x; in < x + pixels * channels; in += channels)
    for (int c = 0; c < channels; c++) mean[c] += in[c];
  group_means(mean, pixels, channels, groups);
  for (const float *in = x; in < x + pixels * channels; in += channels)
    for (int c = 0; c < channels; c++) scale[c] += (in[c] - mean[c]) * (in[c] - mean[c]);
  group_means(scale, pixels, channels, groups);
  for (int c = 0; c < channels; c++) scale[c] = weight[c] / __builtin_sqrtf(scale[c] + eps);
  for (int p = 0; p < pixels * channels; p += channels)
    for (int c = 0; c < channels; c++) y[p + c] = (x[p + c] - mean[c]) * scale[c] + bias[c];
}

/* Layer normalisation of `count` numbers, with a weight and a bias for each. */
EXPORT(layer_norm)(const float *restrict x, const float *restrict weight, const float *restrict bias, float *restrict y, int count,
                   float eps) {
  float sum = 0, square = 0;
  for (int i = 0; i < count; i++) sum += x[i];
  float mean = sum / count;
  for (int i = 0; i < count; i++) square += (x[i] - mean) * (x[i] - mean);
  float scale = 1 / __builtin_sqrtf(square / count + eps);
  for (int i = 0; i < count; i++) y[i] = (x[i] - mean) * scale * weight[i] + bias[i];
}

/* Nearest-neighbour enlargement of height x width pixels by a whole factor. */
EXPORT(upsample)(const float *x, float *y, int height, int width, int channels, int factor) {
  for (int row = 0; row < height * factor; row++)
    for (int column = 0; column < width * factor; column++, y += channels)
      __builtin_memcpy(y, x + (row / factor * width + column / factor) * channels, channels * sizeof(float));
}

/*
 * [height, width, channels * factor^2] -> [height * factor, width * factor, channels]: the factor^2 numbers of a channel
 * stand one after the other, as torch's PixelShuffle has them.
 */
EXPORT(pixel_shuffle)(const float *x, float *y, int height, int width, int channels, int factor) {
  int square = factor * factor;
  for (int row = 0; row < height * factor; row++)
    for (int column = 0; column < width * factor; column++, y += channels) {
      const float *in = x + (row / factor * width + column / factor) * channels * square + row % factor * factor + column % factor;
      for (int c = 0; c < channels; c++) y[c] = in[c * square];
    }
}

/* [channels, area] -> [area, channels] */
EXPORT(transpose)(const float *x, float *y, int channels, int area) {
  for (int c = 0; c < channels; c++)
    for (int p = 0; p < area; p++) y[p * channels + c] = *x++;
}
