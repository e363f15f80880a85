// See manifest.h.
#include "tools/manifest.h"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "interface/seam.h"
#include "tools/protocol.h"

namespace mana {

namespace {

using Json = nlohmann::json;

std::string hex(const std::string &bytes) {
  std::string text;
  for (unsigned char byte : bytes)
    text += fmt::format("{:02x}", byte);
  return text;
}

// A string as it is when JSON can hold it.
Json json_string(const std::string &bytes) {
  try {
    Json value = bytes;
    value.dump();
    return value;
  } catch (const Json::exception &) {
    return {{"hex", hex(bytes)}};
  }
}

Json json_strings(const std::vector<std::string> &list) {
  Json array = Json::array();
  for (const std::string &element : list)
    array.push_back(json_string(element));
  return array;
}

std::string string_of(const Json &value) {
  if (value.is_string())
    return value.get<std::string>();
  const std::string digits = value.at("hex").get<std::string>();
  std::string bytes;
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2)
    bytes += static_cast<char>(std::stoi(digits.substr(i, 2), nullptr, 16));
  return bytes;
}

std::vector<std::string> strings_of(const Json &array) {
  std::vector<std::string> list;
  for (const Json &value : array)
    list.push_back(string_of(value));
  return list;
}

bool parse_hash(const std::string &text, image::Digest *hash) {
  const auto is_hex = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  if (text.size() != 32 || !std::all_of(text.begin(), text.end(), is_hex))
    return false;
  hash->high = std::stoull(text.substr(0, 16), nullptr, 16);
  hash->low = std::stoull(text.substr(16), nullptr, 16);
  return true;
}

ImageEntry entry_of(const Json &value) {
  ImageEntry entry;
  entry.rank = value.at("rank").get<int>();
  entry.file = value.at("file").get<std::string>();
  entry.bytes = value.at("bytes").get<std::uint64_t>();
  entry.warnings = strings_of(value.value("warnings", Json::array()));
  if (!parse_hash(value.at("hash").get<std::string>(), &entry.hash))
    throw std::invalid_argument(fmt::format("rank {} has a malformed hash", entry.rank));
  if (entry.file.empty() || entry.file.find('/') != std::string::npos || entry.file == "." || entry.file == "..")
    throw std::invalid_argument(fmt::format("rank {} has a file name that leaves the folder", entry.rank));
  return entry;
}

// Every rank exactly once: else the list of those that are not.
void check_ranks(const Manifest &manifest, std::size_t ranks) {
  std::vector<int> seen(ranks);
  std::string wrong;
  for (const ImageEntry &entry : manifest.images)
    if (entry.rank < 0 || static_cast<std::size_t>(entry.rank) >= ranks)
      wrong += fmt::format(" {} (there are {})", entry.rank, ranks);
    else
      ++seen[static_cast<std::size_t>(entry.rank)];
  for (std::size_t rank = 0; rank < ranks; ++rank)
    if (seen[rank] != 1)
      wrong += fmt::format(" {} ({})", rank, seen[rank] == 0 ? "missing" : "twice");
  if (!wrong.empty())
    throw std::invalid_argument("wrong ranks:" + wrong);
}

void fill(const Json &json, Manifest *manifest) {
  const int format = json.at("format").get<int>();
  if (format != kManifestFormat)
    throw std::invalid_argument(fmt::format("has format {}, this is {}", format, kManifestFormat));
  manifest->generation = json.at("generation").get<std::uint64_t>();
  manifest->backend = json.at("backend").get<std::string>();
  manifest->front = json.at("front").get<std::string>();
  manifest->host = json.value("host", "");
  manifest->created = json.value("created", "");
  manifest->launcher = strings_of(json.at("launcher"));
  manifest->command = strings_of(json.at("command"));
  manifest->working_directory = string_of(json.at("working_directory"));
  const int ranks = json.at("ranks").get<int>();
  if (ranks < 1 || ranks > kMaxRanks)
    throw std::invalid_argument(fmt::format("{} ranks", ranks));
  for (const Json &value : json.at("images"))
    manifest->images.push_back(entry_of(value));
  check_ranks(*manifest, static_cast<std::size_t>(ranks));
  std::sort(manifest->images.begin(), manifest->images.end(),
            [](const ImageEntry &a, const ImageEntry &b) { return a.rank < b.rank; });
}

} // namespace

std::string to_json(const Manifest &manifest) {
  Json images = Json::array();
  for (const ImageEntry &entry : manifest.images)
    images.push_back({{"rank", entry.rank},
                      {"file", entry.file},
                      {"bytes", entry.bytes},
                      {"hash", fmt::format("{:016x}{:016x}", entry.hash.high, entry.hash.low)},
                      {"warnings", json_strings(entry.warnings)}});
  const Json json = {{"format", kManifestFormat},
                     {"generation", manifest.generation},
                     {"ranks", manifest.images.size()},
                     {"backend", manifest.backend},
                     {"front", manifest.front},
                     {"host", manifest.host},
                     {"created", manifest.created},
                     {"launcher", json_strings(manifest.launcher)},
                     {"command", json_strings(manifest.command)},
                     {"working_directory", json_string(manifest.working_directory)},
                     {"protocol_version", wire::kProtocolVersion},
                     {"seam_version", kSeamVersion},
                     {"image_version", image::kFormatVersion},
                     {"images", images}};
  return json.dump(2) + "\n";
}

Problem parse_manifest(const std::string &text, const std::string &path, Manifest *manifest) {
  *manifest = {};
  std::string reason;
  try {
    fill(Json::parse(text), manifest);
    return {};
  } catch (const Json::exception &) {
    reason = "is not a complete manifest";
  } catch (const std::exception &error) {
    reason = error.what();
  }
  return {image::kDamaged, 0, fmt::format("{}: {}", image::printable(path), image::printable(reason))};
}

const char *mpi_name(std::uint32_t number) { return number == 1 ? "openmpi" : number == 2 ? "mpich" : "unknown"; }

} // namespace mana
