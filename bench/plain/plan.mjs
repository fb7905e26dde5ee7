/** Every object goes to class-validator. */
export const holdsByPlan = () => false;
