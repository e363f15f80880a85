// Infos, names, error codes and handlers, attributes: what lives wholly in the upper half.
#include "core/infos.h"

#include <cstring>
#include <string>
#include <vector>

#include "core/attributes.h"
#include "core_api.h"
#include "core_fixture.h"

namespace mana {

namespace {

class Infos : public CoreTest {};
class Attrs : public CoreTest {};
class Errors : public CoreTest {};

std::string value_of(Info *info, const char *key, int room = 100) {
  char value[256] = "";
  int flag = 0;
  EXPECT_EQ(api::Info_get(info, key, room, value, &flag), 0);
  return flag ? value : "(none)";
}

TEST_F(Infos, TheEnvironmentTellsHowTheJobWasStarted) {
  Info *started, *made;
  api::Info_create(&started);
  describe_start(started, 12);
  EXPECT_EQ(value_of(started, "maxprocs"), "12");
  EXPECT_TRUE(value_of(started, "command").ends_with("infos_test"));
  EXPECT_TRUE(value_of(started, "wdir").starts_with("/"));
  EXPECT_EQ(value_of(started, "host"), "(none)");
  char program[] = "./app", first[] = "a b", second[] = "-c", *words[] = {program, first, second, nullptr};
  api::Info_create_env(3, words, &made);
  EXPECT_EQ(value_of(made, "command"), "./app");
  EXPECT_EQ(value_of(made, "argv"), "a b -c");
  api::Info_free(&made);
  api::Info_create_env(1, words, &made);
  EXPECT_EQ(value_of(made, "argv"), "");
  api::Info_free(&made);
  api::Info_free(&started);
}

TEST_F(Infos, KeysKeepTheirOrderAndLastValue) {
  Info *info;
  api::Info_create(&info);
  EXPECT_EQ(api::Info_set(info, "b", "1"), 0);
  EXPECT_EQ(api::Info_set(info, "a", "2"), 0);
  EXPECT_EQ(api::Info_set(info, "b", " 3 "), 0);
  char key[64];
  int n = 0;
  EXPECT_EQ(api::Info_get_nkeys(info, &n), 0);
  EXPECT_EQ(n, 2);
  EXPECT_EQ(api::Info_get_nthkey(info, 0, key), 0);
  EXPECT_STREQ(key, "b");
  EXPECT_EQ(value_of(info, "b"), " 3 ") << "blanks at both ends are part of a value, as in both MPIs";
  EXPECT_EQ(api::Info_get_nthkey(info, 2, key), abi::ERR_ARG);
}

TEST_F(Infos, DeletingTheLastKeyLeavesAListThatGrows) {
  Info *info, *copy;
  api::Info_create(&info);
  api::Info_set(info, "a", "1");
  api::Info_set(info, "b", "2");
  EXPECT_EQ(api::Info_delete(info, "b"), 0);
  EXPECT_EQ(api::Info_delete(info, "b"), abi::ERR_INFO_NOKEY);
  api::Info_set(info, "c", "3");
  EXPECT_EQ(api::Info_dup(info, &copy), 0);
  EXPECT_EQ(value_of(copy, "c"), "3");
  EXPECT_EQ(value_of(copy, "b"), "(none)");
  EXPECT_EQ(api::Info_free(&copy), 0);
  EXPECT_EQ(copy, predefined<Info>(abi::INFO_NULL));
}

TEST_F(Infos, LimitsAreTheFronts) {
  Info *info;
  api::Info_create(&info);
  EXPECT_EQ(api::Info_set(info, std::string(36, 'k').c_str(), "v"), abi::ERR_INFO_KEY);
  EXPECT_EQ(api::Info_set(info, std::string(35, 'k').c_str(), "v"), 0);
  EXPECT_EQ(api::Info_set(info, "k", std::string(256, 'v').c_str()), abi::ERR_INFO_VALUE);
  EXPECT_EQ(api::Info_set(info, "k", ""), test_front.front == 1 ? abi::ERR_INFO_VALUE : 0) << "Open MPI alone refuses it";
  EXPECT_EQ(api::Info_set(info, "k", "abcdef"), 0);
  EXPECT_EQ(value_of(info, "k", 3), "abc");
}

TEST_F(Infos, NamesAreCutToTheFrontsLimitAndPredefinedOnesHaveThem) {
  char name[256];
  int n;
  EXPECT_EQ(api::Comm_get_name(world, name, &n), 0);
  EXPECT_STREQ(name, "MPI_COMM_WORLD");
  EXPECT_EQ(api::Type_get_name(predefined<Datatype>(abi::LONG_LONG), name, &n), 0);
  EXPECT_STREQ(name, "MPI_LONG_LONG_INT");
  EXPECT_EQ(api::Comm_set_name(self_comm, std::string(200, 'x').c_str()), 0);
  EXPECT_EQ(api::Comm_get_name(self_comm, name, &n), 0);
  EXPECT_EQ(n, 63);
}

// --- attributes ---

std::vector<std::pair<int, long>> deleted;

int record_delete(Object *, int keyval, void *value, void *) {
  deleted.emplace_back(keyval, reinterpret_cast<long>(value));
  return 0;
}
int copy_plus_extra(Object *, int, void *extra, void *value, void **out, int *flag) {
  *out = reinterpret_cast<void *>(reinterpret_cast<long>(value) + reinterpret_cast<long>(extra));
  *flag = 1;
  return 0;
}
int refuse(Object *, int, void *, void *) { return abi::ERR_OTHER; }

template <class F> void (*callback(F *f))() { return reinterpret_cast<void (*)()>(f); }
void *number(long n) { return reinterpret_cast<void *>(n); }

long attribute(Comm *comm, int keyval) {
  void *value = nullptr;
  int flag = 0;
  EXPECT_EQ(api::Comm_get_attr(comm, keyval, &value, &flag), 0);
  return flag ? reinterpret_cast<long>(value) : -1;
}

TEST_F(Attrs, AreDeletedInTheReverseOrderOfSetting) {
  int k[3];
  for (int &keyval : k)
    api::Comm_create_keyval(nullptr, callback(record_delete), &keyval, nullptr);
  Comm *comm = make<Comm>();
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(api::Comm_set_attr(comm, k[i], number(i)), 0);
  deleted.clear();
  EXPECT_EQ(api::Comm_set_attr(comm, k[0], number(9)), 0); // deletes the old value, and is now the newest
  EXPECT_EQ(delete_attributes(comm), 0);
  EXPECT_EQ(deleted, (std::vector<std::pair<int, long>>{{k[0], 0}, {k[0], 9}, {k[2], 2}, {k[1], 1}}));
}

TEST_F(Attrs, AreCopiedAsTheirKeyvalsSay) {
  int none, dup, own;
  api::Comm_create_keyval(nullptr, nullptr, &none, nullptr);
  api::Comm_create_keyval(reinterpret_cast<void (*)()>(1), nullptr, &dup, nullptr);
  api::Comm_create_keyval(callback(copy_plus_extra), nullptr, &own, number(100));
  Comm *from = make<Comm>(), *to = make<Comm>();
  for (int keyval : {none, dup, own})
    api::Comm_set_attr(from, keyval, number(7));
  EXPECT_EQ(copy_attributes(from, to), 0);
  EXPECT_EQ(attribute(to, none), -1);
  EXPECT_EQ(attribute(to, dup), 7);
  EXPECT_EQ(attribute(to, own), 107);
}

TEST_F(Attrs, AFreedKeyvalLivesUntilItsLastAttribute) {
  int keyval, other;
  api::Comm_create_keyval(nullptr, callback(record_delete), &keyval, nullptr);
  const int before = keyval;
  Comm *comm = make<Comm>();
  api::Comm_set_attr(comm, keyval, number(1));
  EXPECT_EQ(api::Comm_free_keyval(&keyval), 0);
  EXPECT_EQ(keyval, abi::KEYVAL_INVALID);
  api::Comm_create_keyval(nullptr, nullptr, &other, nullptr);
  EXPECT_NE(other, before);
  deleted.clear();
  EXPECT_EQ(delete_attributes(comm), 0);
  EXPECT_EQ(deleted.size(), 1u);
  api::Comm_create_keyval(nullptr, nullptr, &other, nullptr);
  EXPECT_EQ(other, before) << "now its number may be used again";
}

TEST_F(Attrs, ADeleteFunctionMayRefuse) {
  int keyval;
  api::Type_create_keyval(nullptr, callback(refuse), &keyval, nullptr);
  Datatype *type;
  api::Type_contiguous(2, predefined<Datatype>(abi::INT), &type);
  api::Type_set_attr(type, keyval, nullptr);
  EXPECT_EQ(api::Type_free(&type), abi::ERR_OTHER);
  EXPECT_FALSE(type->flags & kNull);
  EXPECT_EQ(api::Comm_set_attr(world, keyval, nullptr), abi::ERR_KEYVAL) << "a keyval of another kind";
}

TEST_F(Attrs, PredefinedOnesAreAddressesOfIntsInTheFrontsNumbers) {
  int *value = nullptr, flag = 0;
  EXPECT_EQ(api::Comm_get_attr(world, abi::TAG_UB, &value, &flag), 0);
  EXPECT_EQ(*value, kTagUb);
  EXPECT_EQ(api::Comm_get_attr(world, abi::IO, &value, &flag), 0);
  EXPECT_EQ(*value, -1) << "Open MPI's MPI_ANY_SOURCE";
  EXPECT_EQ(api::Comm_get_attr(world, abi::UNIVERSE_SIZE, &value, &flag), 0);
  EXPECT_EQ(flag, 0);
  EXPECT_EQ(api::Comm_set_attr(world, abi::TAG_UB, nullptr), abi::ERR_KEYVAL);
}

// --- errors ---

int handled;
void note_error(Object *object, int error) { handled = object == world ? error : -1; }

TEST_F(Errors, UserHandlersAreCalledAndOutliveTheirHandle) {
  Errhandler *handler;
  EXPECT_EQ(api::Comm_create_errhandler(callback(note_error), &handler), 0);
  EXPECT_EQ(api::Comm_set_errhandler(world, handler), 0);
  EXPECT_EQ(api::Errhandler_free(&handler), 0);
  handled = 0;
  EXPECT_EQ(raise(world, abi::ERR_TAG), abi::ERR_TAG);
  EXPECT_EQ(handled, abi::ERR_TAG);
  EXPECT_EQ(raise(predefined<Comm>(abi::COMM_NULL), abi::ERR_COMM), abi::ERR_COMM);
  EXPECT_EQ(handled, abi::ERR_COMM);
}

TEST_F(Errors, UserClassesCodesAndStrings) {
  int klass, code, answer, n;
  char text[256];
  EXPECT_EQ(api::Add_error_class(&klass), 0);
  EXPECT_GE(klass, kFirstUserCode);
  EXPECT_EQ(api::Add_error_code(klass, &code), 0);
  EXPECT_EQ(api::Error_class(code, &answer), 0);
  EXPECT_EQ(answer, klass);
  EXPECT_EQ(api::Add_error_string(code, "on fire"), 0);
  EXPECT_EQ(api::Error_string(code, text, &n), 0);
  EXPECT_STREQ(text, "on fire");
  EXPECT_EQ(api::Add_error_string(abi::ERR_TAG, "no"), abi::ERR_ARG);
  EXPECT_EQ(api::Error_string(abi::ERR_TRUNCATE, text, &n), 0);
  EXPECT_STREQ(text, "MPI_ERR_TRUNCATE: message truncated");
}

TEST_F(Errors, FatalOnesSayWhatAndWhere) {
  set_errhandler(&world->errhandler, predefined<Errhandler>(abi::ERRORS_ARE_FATAL));
  EXPECT_EXIT(raise(world, abi::ERR_TRUNCATE), testing::ExitedWithCode(abi::ERR_TRUNCATE),
              "fatal error in MPI_Function on MPI_COMM_WORLD: MPI_ERR_TRUNCATE: message truncated");
}

} // namespace

} // namespace mana
