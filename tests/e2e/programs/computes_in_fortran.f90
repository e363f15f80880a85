! Fortran that is called from a C program and needs no MPI of its own: allocatable arrays and formatted output to a string.
subroutine work(n, text) bind(c)
  use iso_c_binding
  implicit none
  integer(c_int), value :: n
  character(kind=c_char), intent(out) :: text(20)
  character(len=20) :: line
  real(c_double), allocatable :: a(:)
  integer :: i
  allocate(a(n))
  a = [(real(i, c_double), i = 1, n)]
  write (line, '(f12.2)') sum(a)
  do i = 1, 20
    text(i) = line(i:i)
  end do
end subroutine
