// See openmpi_mpifh.h.
#include "fronts/openmpi_mpifh.h"

#include "core/objects.h"

namespace mana::mpifh {

int peers(MPI_Comm comm) {
  int inter = 0, n = 0;
  if (PMPI_Comm_test_inter(comm, &inter) != MPI_SUCCESS)
    return 0;
  (inter ? PMPI_Comm_remote_size : PMPI_Comm_size)(comm, &n);
  return n;
}

Neighbors neighbors(MPI_Comm comm) {
  int topology = MPI_UNDEFINED, rank = 0, n = 0, out = 0, weighted;
  PMPI_Topo_test(comm, &topology);
  switch (topology) {
  case MPI_CART:
    PMPI_Cartdim_get(comm, &n);
    return {2 * n, 2 * n};
  case MPI_GRAPH:
    PMPI_Comm_rank(comm, &rank);
    PMPI_Graph_neighbors_count(comm, rank, &n);
    return {n, n};
  case MPI_DIST_GRAPH:
    PMPI_Dist_graph_neighbors_count(comm, &n, &out, &weighted);
    return {n, out};
  default:
    return {0, 0};
  }
}

namespace hand {

namespace {

// What the form of a value in core/objects.h is called there.
constexpr int kAddressInteger = static_cast<int>(AttributeForm::address_integer);
constexpr int kDefaultInteger = static_cast<int>(AttributeForm::default_integer);

void set_attribute(Kind kind, MPI_Fint object, int keyval, MPI_Aint value, int form, MPI_Fint *ierr) {
  finish(ierr, mana_fortran_set_attribute(static_cast<int>(kind), object, keyval, value, form));
}

template <class Integer>
void get_attribute(Kind kind, MPI_Fint object, int keyval, Integer *value, MPI_Fint *flag, MPI_Fint *ierr) {
  MPI_Aint found;
  const int error = mana_fortran_get_attribute(static_cast<int>(kind), object, keyval, &found, flag);
  if (error == MPI_SUCCESS && *flag)
    *value = static_cast<Integer>(found);
  finish(ierr, error);
}

// The state is handed to the callbacks by value, as an integer.
template <class Copy, class Delete>
void create_keyval(int (*create)(Copy *, Delete *, int *, void *), Callback copy, Callback remove, MPI_Fint *keyval,
                   MPI_Aint extra, MPI_Fint *ierr, std::uintptr_t mark = kWrittenInFortran) {
  finish(ierr, create(reinterpret_cast<Copy *>(marked(copy, mark)), reinterpret_cast<Delete *>(marked(remove, mark)),
                      keyval, reinterpret_cast<void *>(extra)));
}

// One argument vector of a spawn: row `row` of an array with `rows` rows, up to a string of blanks.
char **make_arguments(const char *argv, int length, int row, int rows) {
  int n = 0;
  const auto element = [&](int column) { return argv + (std::ptrdiff_t{column} * rows + row) * length; };
  while (!CString(element(n), length).empty())
    ++n;
  auto **const arguments = static_cast<char **>(std::calloc(static_cast<std::size_t>(n) + 1, sizeof(char *)));
  if (!arguments)
    std::abort();
  for (int i = 0; i < n; ++i) {
    CString one(element(i), length);
    arguments[i] = strdup(one);
  }
  return arguments;
}

void free_arguments(char **arguments) {
  for (char **one = arguments; one && *one; ++one)
    std::free(*one);
  std::free(arguments);
}

// What only the root of a spawn passes is looked at there alone.
bool is_root(MPI_Comm comm, int root) {
  int rank = MPI_UNDEFINED;
  PMPI_Comm_rank(comm, &rank);
  return rank == root;
}

} // namespace

void Init(MPI_Fint *ierr) { finish(ierr, PMPI_Init(nullptr, nullptr)); }
void Init_thread(MPI_Fint *required, MPI_Fint *provided, MPI_Fint *ierr) {
  finish(ierr, PMPI_Init_thread(nullptr, nullptr, *required, provided));
}

void Type_extent(MPI_Fint *datatype, MPI_Fint *extent, MPI_Fint *ierr) {
  MPI_Aint lb, bytes;
  const int error = PMPI_Type_get_extent(PMPI_Type_f2c(*datatype), &lb, &bytes);
  if (error == MPI_SUCCESS)
    *extent = static_cast<MPI_Fint>(bytes);
  finish(ierr, error);
}
void Type_lb(MPI_Fint *datatype, MPI_Fint *displacement, MPI_Fint *ierr) {
  MPI_Aint lb, bytes;
  const int error = PMPI_Type_get_extent(PMPI_Type_f2c(*datatype), &lb, &bytes);
  if (error == MPI_SUCCESS)
    *displacement = static_cast<MPI_Fint>(lb);
  finish(ierr, error);
}
void Type_ub(MPI_Fint *datatype, MPI_Fint *displacement, MPI_Fint *ierr) {
  MPI_Aint lb, bytes;
  const int error = PMPI_Type_get_extent(PMPI_Type_f2c(*datatype), &lb, &bytes);
  if (error == MPI_SUCCESS)
    *displacement = static_cast<MPI_Fint>(lb + bytes);
  finish(ierr, error);
}

// The address has no place in Fortran's argument.
void Buffer_detach(void *, MPI_Fint *size, MPI_Fint *ierr) {
  void *buffer;
  finish(ierr, PMPI_Buffer_detach(&buffer, size));
}

void Info_get(MPI_Fint *info, char *key, MPI_Fint *valuelen, char *value, MPI_Fint *flag, MPI_Fint *ierr, int key_len,
              int value_len) {
  CString key_c(key, key_len);
  OutString value_c;
  const int error = PMPI_Info_get(PMPI_Info_f2c(*info), key_c, std::min(*valuelen, OutString::kRoom), value_c, flag);
  if (error == MPI_SUCCESS) {
    *flag = *flag != 0;
    if (*flag)
      value_c.copy_to(value, value_len);
  }
  finish(ierr, error);
}

#if OMPI_MAJOR_VERSION >= 5
// Lengths of strings are those of Fortran, without the zero at the end.
void Info_get_string(MPI_Fint *info, char *key, MPI_Fint *buflen, char *value, MPI_Fint *flag, MPI_Fint *ierr, int key_len,
                     int value_len) {
  CString key_c(key, key_len);
  OutString value_c;
  const bool wanted = *buflen > 0;
  int length = wanted ? std::min(*buflen, OutString::kRoom - 1) + 1 : 0;
  const int error = PMPI_Info_get_string(PMPI_Info_f2c(*info), key_c, &length, value_c, flag);
  if (error == MPI_SUCCESS && *flag) {
    *flag = 1;
    *buflen = length - 1;
    if (wanted)
      value_c.copy_to(value, value_len);
  }
  finish(ierr, error);
}

// No arguments are known.
void Info_create_env(MPI_Fint *info, MPI_Fint *ierr) {
  MPI_Info made;
  const int error = PMPI_Info_create_env(0, nullptr, &made);
  if (error == MPI_SUCCESS)
    *info = PMPI_Info_c2f(made);
  finish(ierr, error);
}

void Session_get_nth_pset(MPI_Fint *session, MPI_Fint *info, MPI_Fint *n, MPI_Fint *pset_len, char *pset_name, MPI_Fint *ierr,
                          int name_len) {
  OutString name_c;
  const bool wanted = *pset_len > 0;
  int length = wanted ? std::min(*pset_len, OutString::kRoom - 1) + 1 : 0;
  const int error = PMPI_Session_get_nth_pset(PMPI_Session_f2c(*session), PMPI_Info_f2c(*info), *n, &length, name_c);
  if (error == MPI_SUCCESS) {
    *pset_len = length - 1;
    if (wanted)
      name_c.copy_to(pset_name, name_len);
  }
  finish(ierr, error);
}

void Status_f2f08(MPI_Fint *f_status, MPI_Fint *f08_status, MPI_Fint *ierr) {
  finish(ierr, PMPI_Status_f2f08(f_status, reinterpret_cast<MPI_F08_status *>(f08_status)));
}
void Status_f082f(MPI_Fint *f08_status, MPI_Fint *f_status, MPI_Fint *ierr) {
  finish(ierr, PMPI_Status_f082f(reinterpret_cast<MPI_F08_status *>(f08_status), f_status));
}
#endif

void Attr_put(MPI_Fint *comm, MPI_Fint *keyval, MPI_Fint *value, MPI_Fint *ierr) {
  set_attribute(Kind::comm, *comm, *keyval, *value, kDefaultInteger, ierr);
}
void Attr_get(MPI_Fint *comm, MPI_Fint *keyval, MPI_Fint *value, MPI_Fint *flag, MPI_Fint *ierr) {
  get_attribute(Kind::comm, *comm, *keyval, value, flag, ierr);
}
void Comm_set_attr(MPI_Fint *comm, MPI_Fint *keyval, MPI_Aint *value, MPI_Fint *ierr) {
  set_attribute(Kind::comm, *comm, *keyval, *value, kAddressInteger, ierr);
}
void Comm_get_attr(MPI_Fint *comm, MPI_Fint *keyval, MPI_Aint *value, MPI_Fint *flag, MPI_Fint *ierr) {
  get_attribute(Kind::comm, *comm, *keyval, value, flag, ierr);
}
void Type_set_attr(MPI_Fint *type, MPI_Fint *keyval, MPI_Aint *value, MPI_Fint *ierr) {
  set_attribute(Kind::datatype, *type, *keyval, *value, kAddressInteger, ierr);
}
void Type_get_attr(MPI_Fint *type, MPI_Fint *keyval, MPI_Aint *value, MPI_Fint *flag, MPI_Fint *ierr) {
  get_attribute(Kind::datatype, *type, *keyval, value, flag, ierr);
}
void Win_set_attr(MPI_Fint *win, MPI_Fint *keyval, MPI_Aint *value, MPI_Fint *ierr) {
  set_attribute(Kind::win, *win, *keyval, *value, kAddressInteger, ierr);
}
void Win_get_attr(MPI_Fint *win, MPI_Fint *keyval, MPI_Aint *value, MPI_Fint *flag, MPI_Fint *ierr) {
  get_attribute(Kind::win, *win, *keyval, value, flag, ierr);
}

void Keyval_create(Callback copy, Callback remove, MPI_Fint *keyval, MPI_Fint *extra_state, MPI_Fint *ierr) {
  create_keyval(PMPI_Comm_create_keyval, copy, remove, keyval, *extra_state, ierr, kWrittenInFortran | kDefaultIntegers);
}
void Comm_create_keyval(Callback copy, Callback remove, MPI_Fint *keyval, MPI_Aint *extra_state, MPI_Fint *ierr) {
  create_keyval(PMPI_Comm_create_keyval, copy, remove, keyval, *extra_state, ierr);
}
void Type_create_keyval(Callback copy, Callback remove, MPI_Fint *keyval, MPI_Aint *extra_state, MPI_Fint *ierr) {
  create_keyval(PMPI_Type_create_keyval, copy, remove, keyval, *extra_state, ierr);
}
void Win_create_keyval(Callback copy, Callback remove, MPI_Fint *keyval, MPI_Aint *extra_state, MPI_Fint *ierr) {
  create_keyval(PMPI_Win_create_keyval, copy, remove, keyval, *extra_state, ierr);
}

void Grequest_start(Callback query, Callback free, Callback cancel, MPI_Aint *extra_state, MPI_Fint *request,
                    MPI_Fint *ierr) {
  MPI_Request made;
  const int error =
      PMPI_Grequest_start(reinterpret_cast<MPI_Grequest_query_function *>(marked(query)),
                          reinterpret_cast<MPI_Grequest_free_function *>(marked(free)),
                          reinterpret_cast<MPI_Grequest_cancel_function *>(marked(cancel)),
                          extra_state, &made);
  if (error == MPI_SUCCESS)
    *request = PMPI_Request_c2f(made);
  finish(ierr, error);
}

void Register_datarep(char *datarep, Callback read, Callback write, Callback extent, MPI_Aint *extra_state,
                      MPI_Fint *ierr, int datarep_len) {
  const auto conversion = [](Callback function) {
    return function == mpi_conversion_fn_null_f
               ? MPI_CONVERSION_FN_NULL
               : reinterpret_cast<MPI_Datarep_conversion_function *>(marked(function));
  };
  CString name(datarep, datarep_len);
  finish(ierr, PMPI_Register_datarep(name, conversion(read), conversion(write),
                                     reinterpret_cast<MPI_Datarep_extent_function *>(marked(extent)),
                                     reinterpret_cast<void *>(*extra_state)));
}

void Comm_spawn(char *command, char *argv, MPI_Fint *maxprocs, MPI_Fint *info, MPI_Fint *root, MPI_Fint *comm,
                MPI_Fint *intercomm, MPI_Fint *array_of_errcodes, MPI_Fint *ierr, int command_len, int argv_len) {
  const MPI_Comm comm_c = PMPI_Comm_f2c(*comm);
  const bool root_here = is_root(comm_c, *root);
  CString command_c(command, root_here ? command_len : 0);
  char **const arguments =
      root_here && argv != &mpi_fortran_argv_null_ ? make_arguments(argv, argv_len, 0, 1) : MPI_ARGV_NULL;
  MPI_Comm made;
  const int error = PMPI_Comm_spawn(command_c, arguments, *maxprocs, PMPI_Info_f2c(*info), *root, comm_c, &made,
                                    errcodes(array_of_errcodes));
  free_arguments(arguments);
  if (error == MPI_SUCCESS)
    *intercomm = PMPI_Comm_c2f(made);
  finish(ierr, error);
}

void Comm_spawn_multiple(MPI_Fint *count, char *commands, char *argvs, MPI_Fint *maxprocs, MPI_Fint *infos,
                         MPI_Fint *root, MPI_Fint *comm, MPI_Fint *intercomm, MPI_Fint *array_of_errcodes,
                         MPI_Fint *ierr, int command_len, int argv_len) {
  const MPI_Comm comm_c = PMPI_Comm_f2c(*comm);
  const int n = is_root(comm_c, *root) ? *count : 0;
  const bool with_arguments = argvs != &mpi_fortran_argvs_null_;
  Array<char *> commands_c(n);
  Array<char **> argvs_c(n);
  Array<MPI_Info> infos_c(n);
  for (int i = 0; i < n; ++i) {
    CString command(commands + std::ptrdiff_t{i} * command_len, command_len);
    commands_c[i] = strdup(command);
    argvs_c[i] = with_arguments ? make_arguments(argvs, argv_len, i, n) : nullptr;
    infos_c[i] = PMPI_Info_f2c(infos[i]);
  }
  MPI_Comm made;
  const int error =
      PMPI_Comm_spawn_multiple(*count, commands_c, with_arguments ? static_cast<char ***>(argvs_c) : MPI_ARGVS_NULL,
                               maxprocs, infos_c, *root, comm_c, &made, errcodes(array_of_errcodes));
  for (int i = 0; i < n; ++i) {
    std::free(commands_c[i]);
    free_arguments(argvs_c[i]);
  }
  if (error == MPI_SUCCESS)
    *intercomm = PMPI_Comm_c2f(made);
  finish(ierr, error);
}

} // namespace hand

} // namespace mana::mpifh
