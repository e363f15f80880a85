// See instructions.h.
#include "instructions.h"

namespace mana {

namespace {

// What follows the bytes of an opcode: modrm, and how long an immediate.
enum Form : std::uint8_t {
  kNothing = 0,
  kModrm = 1,
  kByte = 2,     // an immediate of 1 byte
  kWord = 4,     // of 2
  kFull = 8,     // of 4; 2 with prefix 66
  kAddress = 16, // of 8; 4 with prefix 67
  kNone = 255,   // not an instruction in 64-bit mode
  kModrmByte = kModrm | kByte,
  kModrmFull = kModrm | kFull,
};

constexpr Form one_byte_form(std::uint8_t op) {
  if (op < 0x40) {
    const std::uint8_t column = op & 7;
    return column < 4 ? kModrm : column == 4 ? kByte : column == 5 ? kFull : kNone;
  }
  switch (op) {
  case 0x60: case 0x61: case 0x82: case 0x9a: case 0xce: case 0xd4: case 0xd5: case 0xd6: case 0xea:
    return kNone;
  case 0x63: case 0xd0: case 0xd1: case 0xd2: case 0xd3: case 0xf6: case 0xf7: case 0xfe: case 0xff:
    return kModrm; // f6 and f7: see group3
  case 0x69: case 0x81: case 0xc7:
    return kModrmFull;
  case 0x6b: case 0x80: case 0x83: case 0xc0: case 0xc1: case 0xc6:
    return kModrmByte;
  case 0x68: case 0xa9: case 0xe8: case 0xe9:
    return kFull;
  case 0x6a: case 0xa8: case 0xcd: case 0xeb:
    return kByte;
  case 0xc2: case 0xca:
    return kWord;
  case 0xc8:
    return static_cast<Form>(kWord | kByte);
  default:
    break;
  }
  if ((op >= 0x70 && op <= 0x7f) || (op >= 0xb0 && op <= 0xb7) || (op >= 0xe0 && op <= 0xe7))
    return kByte;
  if ((op >= 0x84 && op <= 0x8f) || (op >= 0xd8 && op <= 0xdf))
    return kModrm;
  if (op >= 0xa0 && op <= 0xa3)
    return kAddress;
  return op >= 0xb8 && op <= 0xbf ? kFull : kNothing;
}

constexpr Form two_byte_form(std::uint8_t op) {
  switch (op) {
  case 0x04: case 0x0a: case 0x0c: case 0x24: case 0x25: case 0x26: case 0x27: case 0x36: case 0x39: case 0x3b: case 0x3c:
  case 0x3d: case 0x3e: case 0x3f: case 0x7a: case 0x7b: case 0xa6: case 0xa7:
    return kNone;
  case 0x05: case 0x06: case 0x07: case 0x08: case 0x09: case 0x0b: case 0x0e: case 0x77: case 0xa0: case 0xa1: case 0xa2:
  case 0xa8: case 0xa9: case 0xaa:
    return kNothing;
  case 0x0f: // 3DNow: the opcode is last
  case 0x70: case 0x71: case 0x72: case 0x73: case 0xa4: case 0xac: case 0xba: case 0xc2: case 0xc4: case 0xc5: case 0xc6:
    return kModrmByte;
  default:
    break;
  }
  if ((op >= 0x30 && op <= 0x37) || (op >= 0xc8 && op <= 0xcf))
    return kNothing;
  return op >= 0x80 && op <= 0x8f ? kFull : kModrm;
}

constexpr bool is_legacy_prefix(std::uint8_t byte) {
  return byte == 0x66 || byte == 0x67 || byte == 0xf0 || byte == 0xf2 || byte == 0xf3 || byte == 0x2e || byte == 0x36 ||
         byte == 0x3e || byte == 0x26 || byte == 0x64 || byte == 0x65;
}

struct Opcodes {
  Form one[256], two[256];
  bool prefix[256]; // of the old kind, or REX
};
constexpr Opcodes all_opcodes() {
  Opcodes opcodes{};
  for (int i = 0; i < 256; ++i) {
    const auto op = static_cast<std::uint8_t>(i);
    opcodes.one[i] = one_byte_form(op);
    opcodes.two[i] = two_byte_form(op);
    opcodes.prefix[i] = is_legacy_prefix(op) || (op & 0xf0) == 0x40;
  }
  return opcodes;
}
constexpr Opcodes kOpcodes = all_opcodes();

enum class Map { one, two, three_38, three_3a, other };

struct Decoder {
  const unsigned char *code, *end, *p;
  bool short_operand = false, short_address = false, vector = false;
  std::uint8_t rex = 0, op = 0, modrm = 0;
  Map map = Map::one;

  bool has(std::int64_t bytes) const { return end - p >= bytes; }

  bool prefixes() {
    for (; has(1); ++p) {
      if (!kOpcodes.prefix[*p])
        return true;
      const bool is_rex = (*p & 0xf0) == 0x40;
      rex = is_rex ? *p : 0; // counts only right before the opcode
      short_operand |= *p == 0x66;
      short_address |= *p == 0x67;
    }
    return false;
  }

  // The opcode, behind VEX, EVEX or XOP if it has that; `form` of what follows.
  bool opcode(Form *form) {
    op = *p++;
    if (op == 0xc5 || op == 0xc4 || op == 0x62)
      return behind_vector_prefix(op == 0xc5 ? 1 : op == 0xc4 ? 2 : 3, form);
    if (op == 0x8f && has(1) && (*p & 0x1f) >= 8)
      return behind_xop(form);
    if (op != 0x0f) {
      *form = kOpcodes.one[op];
      return true;
    }
    if (!has(1))
      return false;
    op = *p++;
    map = Map::two;
    *form = kOpcodes.two[op];
    if (op != 0x38 && op != 0x3a)
      return true;
    map = op == 0x38 ? Map::three_38 : Map::three_3a;
    *form = op == 0x38 ? kModrm : kModrmByte;
    if (!has(1))
      return false;
    op = *p++;
    return true;
  }

  bool behind_vector_prefix(std::int64_t payload, Form *form) {
    if (!has(payload + 1) || rex)
      return false;
    const int number = payload == 1 ? 1 : *p & (payload == 2 ? 0x1f : 7);
    p += payload;
    op = *p++;
    vector = true;
    map = number == 1 ? Map::two : number == 2 ? Map::three_38 : number == 3 ? Map::three_3a : Map::other;
    if (number == 0 || number == 4 || number > 7)
      return false;
    *form = map == Map::two ? kOpcodes.two[op] : map == Map::three_3a || number == 7 ? kModrmByte : kModrm;
    if (number == 7)
      *form = kModrmFull;
    if (map == Map::two && ((op >= 0x78 && op <= 0x7b) || (op >= 0x80 && op <= 0x9f)))
      *form = kModrm; // conversions of EVEX; of masks
    return true;
  }

  bool behind_xop(Form *form) {
    if (!has(3))
      return false;
    const int number = *p & 0x1f;
    p += 2;
    op = *p++;
    vector = true;
    map = Map::other;
    *form = number == 8 ? kModrmByte : number == 9 ? kModrm : kModrmFull;
    return number <= 10;
  }

  bool operand(Instruction *result) {
    if (!has(1))
      return false;
    modrm = *p++;
    const int mod = modrm >> 6, rm = modrm & 7;
    if (mod == 3)
      return true;
    std::int64_t bytes = mod == 1 ? 1 : mod == 2 ? 4 : 0;
    if (rm == 4) {
      if (!has(1))
        return false;
      if ((*p++ & 7) == 5 && mod == 0)
        bytes = 4;
    } else if (rm == 5 && mod == 0) {
      result->relative_at = static_cast<std::uint8_t>(p - code);
      bytes = 4;
    }
    p += bytes;
    return p <= end;
  }

  std::int64_t immediate_bytes(Form form) const {
    std::int64_t bytes = 0;
    if (form & kByte)
      bytes += 1;
    if (form & kWord)
      bytes += 2;
    if (form & kAddress)
      bytes += short_address ? 4 : 8;
    if (form & kFull) {
      const bool branch = (map == Map::one && (op == 0xe8 || op == 0xe9)) || (map == Map::two && !vector);
      const bool wide = map == Map::one && op >= 0xb8 && op <= 0xbf && (rex & 8);
      bytes += wide ? 8 : short_operand && !branch && !(rex & 8) && !vector ? 2 : 4;
    }
    return bytes;
  }

  // test of groups f6 and f7
  Form group3(Form form) const {
    if (map != Map::one || (modrm >> 3 & 7) > 1 || (op != 0xf6 && op != 0xf7))
      return form;
    return op == 0xf6 ? kModrmByte : kModrmFull;
  }

  Flow flow() const {
    if (vector)
      return Flow::next;
    if (map == Map::two) {
      if (op == 0x05)
        return Flow::syscall;
      if (op == 0x34)
        return Flow::syscall; // sysenter
      if (op >= 0x80 && op <= 0x8f)
        return Flow::jump;
      return op == 0x0b || op == 0x07 || op == 0x35 || op == 0xb9 || op == 0xff ? Flow::end : Flow::next;
    }
    if (map != Map::one)
      return Flow::next;
    if ((op >= 0x70 && op <= 0x7f) || (op >= 0xe0 && op <= 0xe3) || (op == 0xc7 && modrm == 0xf8)) // the last: xbegin
      return Flow::jump;
    switch (op) {
    case 0xe8: return Flow::call;
    case 0xe9: case 0xeb: return Flow::jump_always;
    case 0xc2: case 0xc3: case 0xca: case 0xcb: case 0xcf: return Flow::returns;
    case 0xcc: case 0xf1: case 0xf4: return Flow::end;
    case 0xcd: return Flow::call;
    case 0xff:
      switch (modrm >> 3 & 7) {
      case 2: case 3: return Flow::call;
      case 4: case 5: return Flow::jump_anywhere;
      default: return Flow::next;
      }
    default: return Flow::next;
    }
  }

  // %ah included, which is 4 in byte instructions without REX.
  bool modrm_is_eax() const { return modrm >> 6 == 3 && is_eax(modrm & 7, rex & 1); }
  bool reg_is_eax() const { return is_eax(modrm >> 3 & 7, rex & 4); }
  bool is_eax(int number, int extended) const { return number == 0 ? !extended : number == 4 && !rex; }

  // The instructions that stand beside system calls; of all others nothing is known.
  bool keeps_eax() const {
    if (vector)
      return false;
    if (map == Map::two) {
      const bool hint = op == 0x1f || (op == 0x1e && modrm >> 6 != 3), jumps = op >= 0x80 && op <= 0x8f;
      if (hint || jumps || op == 0x10 || op == 0x11 || op == 0x16 || op == 0x28 || op == 0x29 || op == 0x57 || op == 0x6c ||
          op == 0x6e || op == 0x6f || op == 0x7f || op == 0xd6 || op == 0xef)
        return true;
      if ((op >= 0x40 && op <= 0x4f) || op == 0xb6 || op == 0xb7 || op == 0xbe || op == 0xbf)
        return !reg_is_eax();
      return op >= 0x90 && op <= 0x9f && !modrm_is_eax();
    }
    if (map != Map::one)
      return false;
    if (op < 0x40 && (op & 7) < 4) // add or adc sbb and sub xor cmp
      return op >= 0x38 || (op & 2 ? !reg_is_eax() : !modrm_is_eax());
    if ((op >= 0x70 && op <= 0x7f) || (op >= 0x50 && op <= 0x57) || op == 0x68 || op == 0x6a)
      return true; // jumps, push
    if (op == 0x3c || op == 0x3d || op == 0x84 || op == 0x85 || op == 0xa8 || op == 0xa9)
      return true; // cmp, test
    if (op >= 0x58 && op <= 0x5f)
      return op != 0x58 || (rex & 1);
    if (op >= 0xb0 && op <= 0xb7)
      return (op & 7) != 0 && ((op & 7) != 4 || rex); // not %al, %ah
    if (op >= 0xb8 && op <= 0xbf)
      return op != 0xb8 || (rex & 1);
    if (op == 0x8a || op == 0x8b || op == 0x8d || op == 0x63)
      return !reg_is_eax();
    if (op == 0x80 || op == 0x81 || op == 0x83)
      return (modrm >> 3 & 7) == 7 || !modrm_is_eax();
    if (op == 0x88 || op == 0x89 || op == 0xc0 || op == 0xc1 || op == 0xc6 || op == 0xc7 || (op >= 0xd0 && op <= 0xd3))
      return !modrm_is_eax();
    if (op == 0xf6 || op == 0xf7)
      return (modrm >> 3 & 7) < 2 || ((modrm >> 3 & 7) < 4 && !modrm_is_eax());
    return op == 0x90 && !(rex & 1);
  }
};

std::int32_t load_signed(const unsigned char *p) {
  std::int32_t value;
  __builtin_memcpy(&value, p, 4);
  return value;
}

// Most instructions have no prefix but REX, one opcode byte, perhaps a modrm byte and an immediate, and go on: their lengths are looked up.
// 0: not one of those.
struct Lengths {
  std::uint8_t opcode[256]; // 1 and the immediate; with kHasModrm
  std::uint8_t modrm[256];  // 1, the SIB byte and the displacement; 0: a SIB byte or %rip must be looked at
};
constexpr std::uint8_t kHasModrm = 0x80;
constexpr Lengths all_lengths() {
  Lengths lengths{};
  for (int i = 0; i < 256; ++i) {
    const auto op = static_cast<std::uint8_t>(i);
    const bool arithmetic = op < 0x40 && (op & 7) < 4 && op != 0x31 && op != 0x33;
    const bool moves = (op >= 0x84 && op <= 0x8d && op != 0x8c) || op == 0x63 || op == 0x80 || op == 0x81 || op == 0x83 || op == 0xc0 ||
                       op == 0xc1 || op == 0xc6 || (op >= 0xd0 && op <= 0xd3);
    const bool has_byte = op == 0x80 || op == 0x83 || op == 0xc0 || op == 0xc1 || op == 0xc6;
    const bool pushes = op >= 0x50 && op <= 0x5f;
    if (arithmetic || moves)
      lengths.opcode[i] = kHasModrm | static_cast<std::uint8_t>(1 + (op == 0x81 ? 4 : has_byte ? 1 : 0));
    if (pushes)
      lengths.opcode[i] = 1;
    const int mod = i >> 6, rm = i & 7;
    if (mod == 3)
      lengths.modrm[i] = 1;
    else if (rm == 4)
      lengths.modrm[i] = mod == 0 ? 0 : mod == 1 ? 3 : 6;
    else
      lengths.modrm[i] = mod == 0 ? (rm == 5 ? 0 : 1) : mod == 1 ? 2 : 5;
  }
  return lengths;
}
constexpr Lengths kLengths = all_lengths();

std::uint8_t usual_length(const unsigned char *code) {
  const int rex = (*code & 0xf0) == 0x40;
  const std::uint8_t opcode = kLengths.opcode[code[rex]];
  if (!(opcode & kHasModrm))
    return opcode ? static_cast<std::uint8_t>(rex + opcode) : 0;
  const std::uint8_t operand = kLengths.modrm[code[rex + 1]];
  return operand ? static_cast<std::uint8_t>(rex + (opcode & ~kHasModrm) + operand) : 0;
}

} // namespace

Instruction decode(const unsigned char *code, const unsigned char *end, bool about_eax) {
  constexpr std::int64_t kLongest = 15;
  if (end - code > kLongest) {
    end = code + kLongest;
    if (!about_eax) {
      Instruction usual;
      usual.bytes = usual_length(code);
      if (usual.bytes)
        return usual;
    }
  }
  Decoder d{code, end, code};
  Instruction result;
  Form form = kNone;
  if (!d.prefixes() || !d.opcode(&form) || form == kNone || ((form & kModrm) && !d.operand(&result)))
    return {};
  form = d.group3(form);
  const unsigned char *immediate = d.p;
  d.p += d.immediate_bytes(form);
  if (d.p > end)
    return {};
  result.bytes = static_cast<std::uint8_t>(d.p - code);
  result.flow = d.flow();
  if (result.flow == Flow::jump || result.flow == Flow::jump_always)
    result.target = d.p + (d.p - immediate == 1 ? static_cast<signed char>(*immediate) : load_signed(d.p - 4));

  const bool moves_number = !d.vector && d.map == Map::one && !(d.rex & 1) && !d.short_operand &&
                            ((d.op == 0xb8 && !(d.rex & 8)) || (d.op == 0xc7 && d.modrm == 0xc0));
  const bool clears = !d.vector && d.map == Map::one && (d.op == 0x31 || d.op == 0x33) && d.modrm == 0xc0 && !(d.rex & 5) &&
                      !d.short_operand;
  result.sets_eax = moves_number || clears;
  result.value = moves_number ? static_cast<std::uint32_t>(load_signed(immediate)) : 0;
  result.keeps_eax = about_eax && !result.sets_eax && result.flow != Flow::call && result.flow != Flow::syscall && d.keeps_eax();
  return result;
}

} // namespace mana
