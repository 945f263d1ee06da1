/**
 * WebAssembly instructions as byte sequences. An expression is the bytes that leave its one value on the operand stack, so
 * expressions nest by concatenation: `f32x4Add(a, b)` is the bytes of `a`, then of `b`, then the opcode.
 */

/** Bytes of an instruction sequence. */
export type Code = readonly number[];

/** Value types of locals and parameters. */
export const I32 = 0x7f;
export const V128 = 0x7b;
export type ValueType = typeof I32 | typeof V128;

const SIMD = 0xfd;

/** Unsigned LEB128. */
export function unsigned(value: number): number[] {
  const bytes: number[] = [];
  do {
    const low = value % 128;
    value = Math.floor(value / 128);
    bytes.push(value > 0 ? low | 0x80 : low);
  } while (value > 0);
  return bytes;
}

/** Signed LEB128 of a 32-bit integer. */
function signed(value: number): number[] {
  const bytes: number[] = [];
  for (;;) {
    const low = value & 0x7f;
    value >>= 7;
    if ((value === 0 && (low & 0x40) === 0) || (value === -1 && (low & 0x40) !== 0)) return [...bytes, low];
    bytes.push(low | 0x80);
  }
}

const binary = (opcode: readonly number[]) => (a: Code, b: Code): Code => [...a, ...b, ...opcode];
const simdOpcode = (opcode: number): number[] => [SIMD, ...unsigned(opcode)];
const simdBinary = (opcode: number) => binary(simdOpcode(opcode));

export const localGet = (index: number): Code => [0x20, ...unsigned(index)];
export const localSet = (index: number, value: Code): Code => [...value, 0x21, ...unsigned(index)];

/** The constant `value`, an address or a count below 2^32. */
export const i32Const = (value: number): Code => [0x41, ...signed(value | 0)];
export const i32Add = binary([0x6a]);
export const i32NotEqual = binary([0x47]);
/** The 32-bit word at `address + offset`. */
export const i32Load = (address: Code, offset: number): Code => [...address, 0x28, 2, ...unsigned(offset)];

/** Runs `body` again as long as `condition`, evaluated after it, is not zero. */
export const loopWhile = (body: Code, condition: Code): Code => [0x03, 0x40, ...body, ...condition, 0x0d, 0, 0x0b];

/** Four float32 (or two float64) values at `address + offset`, 16-byte aligned. */
export const v128Load = (address: Code, offset: number): Code => [
  ...address,
  ...simdOpcode(0),
  4,
  ...unsigned(offset),
];
/** The float32 at `address + offset` in all four lanes. */
export const v128LoadSplat = (address: Code, offset: number): Code => [
  ...address,
  ...simdOpcode(9),
  2,
  ...unsigned(offset),
];
export const v128Store = (address: Code, value: Code, offset: number): Code => [
  ...address,
  ...value,
  ...simdOpcode(11),
  4,
  ...unsigned(offset),
];

/** `value`, rounded to float32, in all four lanes. */
export function f32x4Const(value: number): Code {
  const bytes = new Uint8Array(new Float32Array([value, value, value, value]).buffer);
  return [...simdOpcode(12), ...bytes];
}

/** Picks units of `unit` bytes, 16 / `unit` of them: the first 16 / `unit` numbers mean those of `a`, the next those of `b`. */
export function shuffleUnits(a: Code, b: Code, unit: number, picks: readonly number[]): Code {
  const bytes = picks.flatMap((pick) => Array.from({ length: unit }, (_, byte) => pick * unit + byte));
  return [...a, ...b, ...simdOpcode(13), ...bytes];
}
/** Picks four 32-bit lanes: 0 to 3 from `a`, 4 to 7 from `b`. */
export const shuffle32 = (a: Code, b: Code, lanes: readonly [number, number, number, number]): Code =>
  shuffleUnits(a, b, 4, lanes);

export const f32x4Neg = (a: Code): Code => [...a, ...simdOpcode(225)];
export const f32x4Add = simdBinary(228);
export const f32x4Sub = simdBinary(229);
export const f32x4Mul = simdBinary(230);
export const f32x4Div = simdBinary(231);
/** `max` without the ordering of NaN and signed zeros, one instruction on x86 (`b` where `a` is NaN or equal). */
export const f32x4Max = (a: Code, b: Code): Code => simdBinary(235)(b, a);

export const f32x4Abs = (a: Code): Code => [...a, ...simdOpcode(224)];
/** The smaller one, `b` where either is NaN. */
export const f32x4Min = (a: Code, b: Code): Code => simdBinary(234)(b, a);
/** All bits of a lane set where `a < b`. */
export const f32x4Less = simdBinary(67);
/** All bits of a lane set where `a >= b`. */
export const f32x4GreaterOrEqual = simdBinary(70);
export const v128And = simdBinary(78);
/** Bits of `a` where those of `mask` are set, of `b` elsewhere. */
export const v128Select = (mask: Code, a: Code, b: Code): Code => [...a, ...b, ...mask, ...simdOpcode(82)];

/** The 32-bit integer in all four lanes. */
export const i32x4Const = (value: number): Code => [...i32Const(value), ...simdOpcode(17)];
export const i32x4Add = simdBinary(174);
export const i32x4Sub = simdBinary(177);
/** Shifts right, keeping the sign. */
export const i32x4ShiftRight = (a: Code, bits: number): Code => [...a, ...i32Const(bits), ...simdOpcode(172)];
export const f32x4FromI32x4 = (a: Code): Code => [...a, ...simdOpcode(250)];

/** The two low float32 lanes as float64. */
export const f64x2PromoteLow = (a: Code): Code => [...a, ...simdOpcode(95)];
export const f64x2Add = simdBinary(240);
export const f64x2Mul = simdBinary(242);

/** `a * b + c` in one rounding. Needs relaxed SIMD. */
export const f32x4FusedMultiplyAdd = (a: Code, b: Code, c: Code): Code => [...a, ...b, ...c, ...simdOpcode(0x105)];
/** `c - a * b` in one rounding. Needs relaxed SIMD. */
export const f32x4FusedNegativeMultiplyAdd = (a: Code, b: Code, c: Code): Code => [
  ...a,
  ...b,
  ...c,
  ...simdOpcode(0x106),
];
