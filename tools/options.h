// What the commands have in common in reading their options with CLI11.
#pragma once
#include <memory>
#include <optional>
#include <string>

#include <CLI/CLI.hpp>

namespace mana {

// --help begins with a usage line of ours: the words after the options are not CLI11's to describe.
class UsageFormatter : public CLI::Formatter {
public:
  explicit UsageFormatter(std::string usage) : usage_(std::move(usage)) { column_width(30); }
  std::string make_usage(const CLI::App *, std::string) const override { return "Usage: " + usage_ + "\n"; }

private:
  std::string usage_;
};

inline void set_texts(CLI::App &app, const std::string &usage, const std::string &footer) {
  app.formatter(std::make_shared<UsageFormatter>(usage));
  app.footer(footer);
  app.set_version_flag("-V,--version", "mana " MANA_VERSION);
}

// The status to exit with when that is all: after --help (0) or a mistake (2), which has been printed.
inline std::optional<int> parse(CLI::App &app, int argc, char **argv) {
  try {
    app.parse(argc, argv);
    return std::nullopt;
  } catch (const CLI::ParseError &error) {
    if (error.get_exit_code() == 0)
      return app.exit(error);
    std::fprintf(stderr, "%s: %s (see %s --help)\n", app.get_name().c_str(), error.what(), app.get_name().c_str());
    return 2;
  }
}

} // namespace mana
